with

runs as (

    select * from {{ source('ml', 'persona_runs') }}

),

newest as (

    select max(run_id) as newest_run_id

    from runs

)

select
    ---------- ids
    runs.run_id,

    ---------- strings
    runs.k_reason,
    runs.method,

    ---------- numerics
    runs.k,
    runs.silhouette,
    runs.customer_count,
    runs.sample_count,
    runs.cost,
    runs.seed,
    runs.start_count,
    runs.direction_count,
    runs.feature_count,

    ---------- booleans
    runs.run_id = newest.newest_run_id as is_newest,

    ---------- dates
    runs.as_of_date,

    ---------- timestamps
    runs.trained_at

from runs

cross join newest
