select
    changes.run_id,
    runs.as_of_date,
    changes.persona_id,
    changes.persona_name,
    changes.persona_change,
    changes.previous_name,
    coalesce(personas.customer_count, 0) as customer_count,
    previous_personas.customer_count as previous_customer_count

from {{ source('ml', 'persona_changes') }} as changes

inner join {{ ref('stg_persona_runs') }} as runs on changes.run_id = runs.run_id

left join {{ source('ml', 'personas') }} as personas
    on
        changes.run_id = personas.run_id
        and changes.persona_id = personas.persona_id

-- Of a published run only.
left join (
    select personas.*

    from {{ source('ml', 'personas') }} as personas

    semi join {{ ref('stg_persona_runs') }} as runs on personas.run_id = runs.run_id
) as previous_personas
    on
        runs.previous_run_id = previous_personas.run_id
        and changes.persona_id = previous_personas.persona_id
