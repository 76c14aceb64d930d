{{ config(materialized='view') }}

select
    assignments.run_id,
    make_timestamp(epoch_us(runs.trained_at)) as trained_at,
    runs.as_of_date,
    assignments.customer_id,
    assignments.persona_id,
    personas.persona_name,
    assignments.distance,
    assignments.margin

from {{ source('ml', 'persona_assignments') }} as assignments

inner join {{ ref('stg_persona_runs') }} as runs on assignments.run_id = runs.run_id

inner join {{ source('ml', 'personas') }} as personas
    on
        assignments.run_id = personas.run_id
        and assignments.persona_id = personas.persona_id
