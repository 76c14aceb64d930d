with

fits as (

    select * from {{ source('ml', 'value_fits') }}

),

newest_runs as (

    select * from {{ ref('stg_value_runs') }}

    where is_newest_of_dates

)

select
    fits.run_id,
    fits.fit_date,
    fits.model,
    fits.no_fit_reason,
    fits.customer_count,
    fits.repeater_count,
    fits.start_count,
    fits.failed_draw_count,
    fits.log_likelihood,
    fits.value_correlation,
    fits.is_converged

from fits

inner join newest_runs on fits.run_id = newest_runs.run_id
