with

centroids as (

    select * from {{ source('ml', 'persona_centroids') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    centroids.run_id,
    centroids.persona_id,
    centroids.direction,
    centroids.centroid_value

from centroids

inner join newest_run on centroids.run_id = newest_run.run_id
