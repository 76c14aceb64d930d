{{ config(materialized='view') }}

with

calendar as (

    select
        cast(isodow(calendar_date) as int) as day_of_week,
        dayname(any_value(calendar_date)) as day_name,
        count(*) as day_count

    from {{ ref('fct_daily_sales') }}

    group by isodow(calendar_date)

),

sales as (

    select
        *,
        cast(attribute_value as int) as day_of_week

    from {{ ref('fct_sales_by_attribute') }}

    where attribute = 'day_of_week'

)

select
    calendar.day_of_week,
    calendar.day_name,
    calendar.day_of_week >= 6 as is_weekend,
    calendar.day_count,
    coalesce(sales.transaction_count, 0) as transaction_count,
    coalesce(sales.customer_count, 0) as customer_count,
    coalesce(sales.purchase_day_count, 0) as purchase_day_count,
    coalesce(sales.net_revenue, 0) as net_revenue,
    sales.average_basket,
    coalesce(sales.share_of_revenue, 0) as share_of_revenue,
    {{ money_per('coalesce(sales.net_revenue, 0)', 'calendar.day_count') }}
        as net_revenue_per_day,
    coalesce(sales.last_period_net_revenue, 0) as last_period_net_revenue,
    coalesce(sales.preceding_period_net_revenue, 0) as preceding_period_net_revenue

from calendar

left join sales on calendar.day_of_week = sales.day_of_week
