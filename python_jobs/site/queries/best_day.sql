-- Of the days that the chart shows.
with

days as (

    select
        calendar_date,
        net_revenue

    from marts.fct_daily_sales

    order by calendar_date desc

    limit 366

)

select
    calendar_date,
    net_revenue

from days

order by net_revenue desc, calendar_date desc

limit 1
