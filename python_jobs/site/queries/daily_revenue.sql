select
    calendar_date,
    net_revenue,
    net_revenue_7_day_mean,
    transaction_count,
    customer_count

from marts.fct_daily_sales

order by calendar_date desc

limit 366
