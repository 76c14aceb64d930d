with

customer_rfm as (

    select * from {{ ref('fct_customer_rfm') }}

),

by_method as (

    select
        as_of_date,
        method,
        segment_by_method as segment,
        recency_days,
        frequency,
        monetary

    from customer_rfm

        lateral view stack(
            2,
            'quintile', segment,
            'fixed', fixed_segment
        ) as method, segment_by_method

),

segments as (

    select
        as_of_date,
        method,
        segment,
        count(*) as customer_count,
        cast(sum(monetary) as decimal(18, 2)) as net_revenue,
        avg(recency_days) as average_recency_days,
        avg(frequency) as average_frequency,
        cast(avg(monetary) as decimal(18, 2)) as average_monetary

    from by_method

    group by as_of_date, method, segment

)

select
    as_of_date,
    method,
    segment,
    customer_count,
    net_revenue,
    customer_count / sum(customer_count) over (partition by method)
        as share_of_customers,
    cast(net_revenue as double)
    / nullif(sum(net_revenue) over (partition by method), 0) as share_of_revenue,
    average_recency_days,
    average_frequency,
    average_monetary

from segments
