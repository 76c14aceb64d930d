with

changes as (

    select * from {{ ref('stg_persona_changes') }}

),

personas as (

    select * from {{ ref('stg_personas') }}

),

runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    changes.run_id,
    runs.as_of_date,
    changes.persona_id,
    changes.persona_name,
    changes.persona_change,
    changes.previous_name,
    coalesce(personas.customer_count, 0) as customer_count,
    previous_personas.customer_count as previous_customer_count

from changes

inner join runs on changes.run_id = runs.run_id

left join personas
    on
        changes.run_id = personas.run_id
        and changes.persona_id = personas.persona_id

left join personas as previous_personas
    on
        runs.previous_run_id = previous_personas.run_id
        and changes.persona_id = previous_personas.persona_id
