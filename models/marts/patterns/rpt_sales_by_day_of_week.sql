with

sales as (

    select
        customer_id,
        activity_date,
        weekday(activity_date) + 1 as day_of_week,
        purchase_line_count,
        net_amount

    from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

),

{{ sales_ctes('sales', ['day_of_week']) }},

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
    coalesce(sales_totals.transaction_count, 0) as transaction_count,
    coalesce(sales_totals.customer_count, 0) as customer_count,
    coalesce(sales_totals.purchase_day_count, 0) as purchase_day_count,
    cast(coalesce(sales_totals.net_revenue, 0) as decimal(18, 2)) as net_revenue,
    sales_totals.average_basket,
    coalesce(sales_totals.share_of_revenue, 0) as share_of_revenue,
    cast(coalesce(sales_totals.net_revenue, 0) / calendar.day_count as decimal(18, 2))
        as net_revenue_per_day,
    cast(coalesce(sales_totals.last_period_net_revenue, 0) as decimal(18, 2))
        as last_period_net_revenue,
    cast(coalesce(sales_totals.preceding_period_net_revenue, 0) as decimal(18, 2))
        as preceding_period_net_revenue

from calendar

left join sales_totals on calendar.day_of_week = sales_totals.day_of_week
