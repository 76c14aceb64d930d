with

assignments as (

    select * from {{ source('ml', 'persona_assignments') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    assignments.run_id,
    published_runs.is_newest,
    assignments.customer_id,
    assignments.persona_id,
    assignments.distance,
    assignments.runner_up_persona_id,
    assignments.margin

from assignments

inner join published_runs on assignments.run_id = published_runs.run_id
