with

personas as (

    select * from {{ source('ml', 'personas') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    personas.run_id,
    published_runs.is_newest,
    personas.persona_id,
    personas.persona_name,
    personas.naming_reason,
    personas.customer_count

from personas

inner join published_runs on personas.run_id = published_runs.run_id
