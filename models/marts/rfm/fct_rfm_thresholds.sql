-- Exact order statistics without sorting all customers in one task: count coarse
-- buckets, find the four that hold a threshold, and look closely only into those.

with

buyers as (

    select
        as_of_date,
        recency_days,
        purchase_day_count as frequency,
        net_revenue as monetary

    from {{ ref('dim_customers') }}

    where purchase_day_count > 0

),

{{ rfm_threshold_ctes('buyers') }}

select * from rfm_thresholds
