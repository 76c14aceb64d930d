with

directions as (

    select * from {{ source('ml', 'persona_directions') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    directions.run_id,
    directions.direction,
    directions.feature,
    directions.loading,
    directions.strength

from directions

inner join newest_run on directions.run_id = newest_run.run_id
