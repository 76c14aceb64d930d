with

sales as (

    select
        customer_id,
        activity_date,
        if(weekday(activity_date) >= 5, 'weekend', 'weekday') as day_type,
        purchase_line_count,
        net_amount

    from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

),

{{ sales_ctes('sales', ['day_type']) }},

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
    coalesce(sales_totals.transaction_count, 0) as transaction_count,
    coalesce(sales_totals.customer_count, 0) as customer_count,
    coalesce(sales_totals.purchase_day_count, 0) as purchase_day_count,
    cast(coalesce(sales_totals.net_revenue, 0) as decimal(18, 2)) as net_revenue,
    sales_totals.average_basket,
    coalesce(sales_totals.share_of_revenue, 0) as share_of_revenue,
    coalesce(sales_totals.transaction_count, 0) / calendar.day_count
        as transactions_per_day,
    coalesce(sales_totals.purchase_day_count, 0) / calendar.day_count
        as customers_per_day,
    cast(coalesce(sales_totals.net_revenue, 0) / calendar.day_count as decimal(18, 2))
        as net_revenue_per_day,
    cast(coalesce(sales_totals.last_period_net_revenue, 0) as decimal(18, 2))
        as last_period_net_revenue,
    cast(coalesce(sales_totals.preceding_period_net_revenue, 0) as decimal(18, 2))
        as preceding_period_net_revenue

from calendar

left join sales_totals on calendar.day_type = sales_totals.day_type
