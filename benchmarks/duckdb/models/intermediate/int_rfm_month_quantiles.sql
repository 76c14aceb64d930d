with

buyers as (

    select
        customer_id,
        month_end_date,
        month_end_date - last_purchase_date + 1 as recency_days,
        frequency,
        monetary

    from {{ ref('int_customer_month_ends') }}

    where frequency > 0

),

{{ rfm_quantile_ctes('buyers', 'month_end_date') }}

select * from rfm_quantiles
