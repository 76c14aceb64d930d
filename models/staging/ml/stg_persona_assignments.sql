with

assignments as (

    select * from {{ source('ml', 'persona_assignments') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    assignments.run_id,
    assignments.customer_id,
    assignments.persona_id,
    assignments.distance,
    assignments.runner_up_persona_id,
    assignments.margin

from assignments

inner join newest_run on assignments.run_id = newest_run.run_id
