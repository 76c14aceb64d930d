{{ config(materialized='view') }}

with

sales as (

    select
        *,
        cast(attribute_value as int) as day_of_week

    from {{ ref('fct_sales_by_attribute') }}

    where attribute = 'day_of_week'

),

calendar as (

    select
        weekday(calendar_date) + 1 as day_of_week,
        date_format(min(calendar_date), 'EEEE') as day_name,
        count(*) as day_count

    from {{ ref('fct_daily_sales') }}

    group by weekday(calendar_date) + 1

)

select
    calendar.day_of_week,
    calendar.day_name,
    calendar.day_of_week >= 6 as is_weekend,
    calendar.day_count,
    coalesce(sales.transaction_count, 0) as transaction_count,
    coalesce(sales.customer_count, 0) as customer_count,
    coalesce(sales.purchase_day_count, 0) as purchase_day_count,
    cast(coalesce(sales.net_revenue, 0) as decimal(18, 2)) as net_revenue,
    sales.average_basket,
    coalesce(sales.share_of_revenue, 0) as share_of_revenue,
    cast(coalesce(sales.net_revenue, 0) / calendar.day_count as decimal(18, 2))
        as net_revenue_per_day,
    cast(coalesce(sales.last_period_net_revenue, 0) as decimal(18, 2))
        as last_period_net_revenue,
    cast(coalesce(sales.preceding_period_net_revenue, 0) as decimal(18, 2))
        as preceding_period_net_revenue

from calendar

left join sales on calendar.day_of_week = sales.day_of_week
