with

risks as (

    {% for method in ['window', 'cadence', 'p_alive'] -%}
    select
        '{{ method }}' as method,
        case
            when frequency = 0 then 'Prospects'
            else coalesce({{ method }}_risk, 'Unknown')
        end as risk,
        count(*) as customer_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue,
        cast(sum(revenue_at_stake) as decimal(18, 2)) as revenue_at_stake,
        avg(recency_days) as average_recency_days

    from {{ ref('fct_customer_churn') }}

    group by risk
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

)

select
    method,
    risk,
    customer_count,
    net_revenue,
    revenue_at_stake,
    customer_count / sum(customer_count) over methods as share_of_customers,
    net_revenue / nullif(sum(net_revenue) over methods, 0) as share_of_revenue,
    average_recency_days

from risks

window methods as (partition by method)
