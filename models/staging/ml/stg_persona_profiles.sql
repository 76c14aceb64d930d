with

profiles as (

    select * from {{ source('ml', 'persona_profiles') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    profiles.run_id,
    profiles.persona_id,
    profiles.feature,
    profiles.persona_mean,
    profiles.persona_typical,
    profiles.effect

from profiles

inner join newest_run on profiles.run_id = newest_run.run_id
