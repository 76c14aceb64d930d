with

profiles as (

    select * from {{ ref('stg_persona_profiles') }}

),

features as (

    select * from {{ ref('stg_persona_features') }}

),

personas as (

    select * from {{ ref('dim_personas') }}

)

select
    profiles.persona_id,
    personas.persona_name,
    profiles.feature,
    features.block,
    profiles.persona_typical as centroid_value,
    features.population_typical,
    profiles.persona_mean,
    features.population_mean,
    profiles.persona_mean - features.population_mean as difference,
    100 * profiles.persona_mean / nullif(features.population_mean, 0) as mean_index,
    profiles.effect,
    profiles.run_id

from profiles

inner join features on profiles.feature = features.feature

inner join personas on profiles.persona_id = personas.persona_id
