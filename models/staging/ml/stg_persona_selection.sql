with

selection as (

    select * from {{ source('ml', 'persona_selection') }}

),

newest_run as (

    select * from {{ ref('stg_persona_runs') }}

    where is_newest

)

select
    selection.run_id,
    selection.k,
    selection.silhouette,
    selection.cost,
    selection.seed,
    selection.is_chosen

from selection

inner join newest_run on selection.run_id = newest_run.run_id
