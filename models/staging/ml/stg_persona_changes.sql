with

changes as (

    select * from {{ source('ml', 'persona_changes') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    changes.run_id,
    published_runs.is_newest,
    changes.persona_id,
    changes.persona_change,
    changes.persona_name,
    changes.previous_name

from changes

inner join published_runs on changes.run_id = published_runs.run_id
