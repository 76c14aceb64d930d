with

centroids as (

    select * from {{ source('ml', 'persona_centroids') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    centroids.run_id,
    published_runs.is_newest,
    centroids.persona_id,
    centroids.feature,
    centroids.centroid_value,
    centroids.persona_mean,
    centroids.persona_typical,
    centroids.effect

from centroids

inner join published_runs on centroids.run_id = published_runs.run_id
