{{ config(materialized='view') }}

with

calendar as (

    select
        if(isodow(calendar_date) >= 6, 'weekend', 'weekday') as day_type,
        count(*) as day_count

    from {{ ref('fct_daily_sales') }}

    group by day_type

),

sales as (

    select * from {{ ref('fct_sales_by_attribute') }}

    where attribute = 'day_type'

)

select
    calendar.day_type,
    calendar.day_count,
    coalesce(sales.transaction_count, 0) as transaction_count,
    coalesce(sales.customer_count, 0) as customer_count,
    coalesce(sales.purchase_day_count, 0) as purchase_day_count,
    coalesce(sales.net_revenue, 0) as net_revenue,
    sales.average_basket,
    coalesce(sales.share_of_revenue, 0) as share_of_revenue,
    coalesce(sales.transaction_count, 0) / calendar.day_count as transactions_per_day,
    coalesce(sales.purchase_day_count, 0) / calendar.day_count as customers_per_day,
    {{ money_per('coalesce(sales.net_revenue, 0)', 'calendar.day_count') }}
        as net_revenue_per_day,
    coalesce(sales.last_period_net_revenue, 0) as last_period_net_revenue,
    coalesce(sales.preceding_period_net_revenue, 0) as preceding_period_net_revenue

from calendar

left join sales on calendar.day_type = sales.attribute_value
