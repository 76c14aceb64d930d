-- What does an average weekend day bring against an average weekday?
select
    day_type,
    day_count,
    net_revenue_per_day,
    customers_per_day,
    average_basket,
    last_period_net_revenue,
    preceding_period_net_revenue

from marts.rpt_weekend_vs_weekday

order by day_type
