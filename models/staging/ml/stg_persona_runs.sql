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
    runs.previous_run_id,

    ---------- strings
    runs.k_reason,
    runs.naming_rules,

    ---------- numerics
    runs.k,
    runs.silhouette,
    runs.customer_count,
    runs.sample_count,
    runs.cost,
    runs.seed,
    runs.start_count,
    runs.feature_count,
    runs.common_customer_count,
    runs.moved_customer_count,
    runs.last_persona_id,

    ---------- booleans
    runs.has_structure,
    runs.run_id = newest.newest_run_id as is_newest,

    ---------- dates
    runs.as_of_date,

    ---------- timestamps
    runs.trained_at

from runs

cross join newest
