with

risks as (

    select
        month_end_date,
        case
            when frequency = 0 then 'Prospects'
            when recency_days > {{ var('churn_window_high_days') }} then 'High'
            when recency_days > {{ var('churn_window_medium_days') }} then 'Medium'
            else 'Low'
        end as risk,
        count(*) as customer_count,
        cast(sum(monetary) as decimal(18, 2)) as net_revenue

    from {{ ref('fct_customer_rfm_monthly') }}

    group by month_end_date, risk

)

select
    *,
    customer_count / sum(customer_count) over (partition by month_end_date)
        as share_of_customers

from risks
