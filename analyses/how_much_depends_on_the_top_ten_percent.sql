-- Which share of the revenue do the ten percent of buyers with most revenue bring?
with

cut as (

    select percentile_approx(net_revenue, 0.9, 10000) as revenue_at_90_percent

    from marts.dim_customers

    where purchase_day_count > 0

)

select
    count_if(customers.net_revenue >= cut.revenue_at_90_percent) as top_customer_count,
    sum(customers.net_revenue) filter (
        where customers.net_revenue >= cut.revenue_at_90_percent
    ) as top_net_revenue,
    sum(customers.net_revenue) as net_revenue,
    cast(
        sum(customers.net_revenue) filter (
            where customers.net_revenue >= cut.revenue_at_90_percent
        ) as double
    ) / nullif(sum(customers.net_revenue), 0) as share_of_top_customers

from marts.dim_customers as customers

cross join cut
