with

expectations as (

    select * from {{ source('ml', 'value_expectations') }}

),

newest_runs as (

    select * from {{ ref('stg_value_runs') }}

    where is_newest_of_dates

)

select
    expectations.run_id,
    expectations.fit_date,
    expectations.model,
    expectations.repeat_count,
    expectations.last_purchase_age,
    expectations.customer_age,
    expectations.expected_purchases_30d,
    expectations.expected_purchases_90d,
    expectations.expected_purchases_365d,
    expectations.expected_purchases_365d_draws,
    expectations.expected_purchases_holdout

from expectations

inner join newest_runs on expectations.run_id = newest_runs.run_id
