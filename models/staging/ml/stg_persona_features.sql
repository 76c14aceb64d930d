with

features as (

    select * from {{ source('ml', 'persona_features') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    features.run_id,
    published_runs.is_newest,
    features.feature,
    features.feature_position,
    features.block,
    features.feature_group,
    features.transform,
    features.mean,
    features.scale,
    features.weight,
    features.population_mean,
    features.population_typical,
    features.dropped_reason

from features

inner join published_runs on features.run_id = published_runs.run_id
