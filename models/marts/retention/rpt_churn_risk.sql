with

customers as (

    select * from {{ ref('fct_customer_churn') }}

),

by_method as (

    select
        method,
        case
            when frequency = 0 then 'Prospects'
            else coalesce(method_risk, 'Unknown')
        end as risk,
        recency_days,
        net_revenue,
        revenue_at_stake

    from customers

        lateral view stack(
            3,
            'window', window_risk,
            'cadence', cadence_risk,
            'p_alive', p_alive_risk
        ) as method, method_risk

),

risks as (

    select
        method,
        risk,
        count(*) as customer_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue,
        cast(sum(revenue_at_stake) as decimal(18, 2)) as revenue_at_stake,
        avg(recency_days) as average_recency_days

    from by_method

    group by method, risk

)

select
    method,
    risk,
    customer_count,
    net_revenue,
    revenue_at_stake,
    customer_count / sum(customer_count) over (partition by method)
        as share_of_customers,
    cast(net_revenue as double)
    / nullif(sum(net_revenue) over (partition by method), 0) as share_of_revenue,
    average_recency_days

from risks
