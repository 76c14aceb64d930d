select
    assignments.customer_id,
    assignments.persona_id,
    personas.persona_name,
    assignments.distance,
    assignments.runner_up_persona_id,
    assignments.margin,
    assignments.run_id,
    runs.as_of_date

from {{ source('ml', 'persona_assignments') }} as assignments

inner join {{ ref('stg_persona_runs') }} as runs
    on
        assignments.run_id = runs.run_id
        and runs.is_newest

inner join {{ source('ml', 'personas') }} as personas
    on
        assignments.run_id = personas.run_id
        and assignments.persona_id = personas.persona_id
