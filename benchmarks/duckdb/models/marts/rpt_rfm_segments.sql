with

{% for method, segment in [('quintile', 'segment'), ('fixed', 'fixed_segment')] -%}
{{ method }}_segments as (

    select
        as_of_date,
        '{{ method }}' as method,
        {{ segment }} as segment,
        count(*) as customer_count,
        cast(sum(monetary) as decimal(18, 2)) as net_revenue,
        avg(recency_days) as average_recency_days,
        avg(frequency) as average_frequency,

    from {{ ref('fct_customer_rfm') }}

    group by as_of_date, {{ segment }}

),

{% endfor -%}
segments as (

    select * from quintile_segments

    union all

    select * from fixed_segments

)

select
    as_of_date,
    method,
    segment,
    customer_count,
    net_revenue,
    customer_count / sum(customer_count) over methods as share_of_customers,
    net_revenue / nullif(sum(net_revenue) over methods, 0) as share_of_revenue,
    average_recency_days,
    average_frequency,
    {{ money_per('net_revenue', 'customer_count') }} as average_monetary

from segments

window methods as (partition by method)
