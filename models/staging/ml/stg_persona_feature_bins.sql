with

feature_bins as (

    select * from {{ source('ml', 'persona_feature_bins') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    feature_bins.run_id,
    published_runs.is_newest,
    feature_bins.edges_run_id,
    feature_bins.feature,
    feature_bins.bin,
    feature_bins.upper_edge,
    feature_bins.customer_count

from feature_bins

inner join published_runs on feature_bins.run_id = published_runs.run_id
