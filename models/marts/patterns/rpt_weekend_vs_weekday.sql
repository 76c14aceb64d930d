{{ config(materialized='view') }}

with

sales as (

    select
        *,
        attribute_value as day_type

    from {{ ref('fct_sales_by_attribute') }}

    where attribute = 'day_type'

),

-- Five weekdays against two weekend days: only what a day brings can be compared.
calendar as (

    select
        if(weekday(calendar_date) >= 5, 'weekend', 'weekday') as day_type,
        count(*) as day_count

    from {{ ref('fct_daily_sales') }}

    group by if(weekday(calendar_date) >= 5, 'weekend', 'weekday')

)

select
    calendar.day_type,
    calendar.day_count,
    coalesce(sales.transaction_count, 0) as transaction_count,
    coalesce(sales.customer_count, 0) as customer_count,
    coalesce(sales.purchase_day_count, 0) as purchase_day_count,
    cast(coalesce(sales.net_revenue, 0) as decimal(18, 2)) as net_revenue,
    sales.average_basket,
    coalesce(sales.share_of_revenue, 0) as share_of_revenue,
    coalesce(sales.transaction_count, 0) / calendar.day_count
        as transactions_per_day,
    coalesce(sales.purchase_day_count, 0) / calendar.day_count
        as customers_per_day,
    cast(coalesce(sales.net_revenue, 0) / calendar.day_count as decimal(18, 2))
        as net_revenue_per_day,
    cast(coalesce(sales.last_period_net_revenue, 0) as decimal(18, 2))
        as last_period_net_revenue,
    cast(coalesce(sales.preceding_period_net_revenue, 0) as decimal(18, 2))
        as preceding_period_net_revenue

from calendar

left join sales on calendar.day_type = sales.day_type
