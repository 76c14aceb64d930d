with

features as (

    select * from {{ source('ml', 'persona_features') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    features.run_id,
    features.feature,
    features.feature_position,
    features.block,
    features.feature_group,
    features.transform,
    features.mean,
    features.scale,
    features.population_mean,
    features.population_typical,
    features.dropped_reason

from features

inner join newest_run on features.run_id = newest_run.run_id
