with

personas as (

    select * from {{ source('ml', 'personas') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    personas.run_id,
    personas.persona_id,
    personas.cluster_index,
    personas.persona_name,
    personas.naming_reason,
    personas.customer_count

from personas

inner join newest_run on personas.run_id = newest_run.run_id
