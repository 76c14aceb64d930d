with

buyers as (

    select
        customer_id,
        as_of_date,
        recency_days,
        purchase_day_count as frequency,
        net_revenue as monetary

    from {{ ref('dim_customers') }}

    where purchase_day_count > 0

),

{{ rfm_quantile_ctes('buyers', 'as_of_date') }}

{{ rfm_threshold_rows('rfm_quantiles', ['as_of_date']) }}
