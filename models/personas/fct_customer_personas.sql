with

assignments as (

    select * from {{ ref('stg_persona_assignments') }}

    where is_newest

),

personas as (

    select * from {{ ref('stg_personas') }}

    where is_newest

),

runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    assignments.customer_id,
    assignments.persona_id,
    personas.persona_name,
    assignments.distance,
    assignments.runner_up_persona_id,
    assignments.margin,
    assignments.run_id,
    runs.as_of_date

from assignments

inner join personas on assignments.persona_id = personas.persona_id

inner join runs on assignments.run_id = runs.run_id
