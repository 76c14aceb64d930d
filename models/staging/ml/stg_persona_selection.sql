with

selection as (

    select * from {{ source('ml', 'persona_selection') }}

),

published_runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    selection.run_id,
    published_runs.is_newest,
    selection.k,
    selection.silhouette,
    selection.stability,
    selection.reference_silhouette,
    selection.cost,
    selection.is_credible,
    selection.is_chosen

from selection

inner join published_runs on selection.run_id = published_runs.run_id
