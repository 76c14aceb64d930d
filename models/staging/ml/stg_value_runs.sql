with

runs as (

    select * from {{ source('ml', 'value_runs') }}

),

newest as (

    select
        as_of_date,
        cut_date,
        max(run_id) as newest_run_id

    from runs

    group by as_of_date, cut_date

)

select
    ---------- ids
    runs.run_id,

    ---------- numerics
    runs.seed,
    runs.draw_count,

    ---------- booleans
    runs.run_id = newest.newest_run_id as is_newest_of_dates,

    ---------- dates
    runs.as_of_date,
    runs.cut_date,

    ---------- timestamps
    runs.fitted_at

from runs

inner join newest
    on
        runs.as_of_date = newest.as_of_date
        and runs.cut_date = newest.cut_date
