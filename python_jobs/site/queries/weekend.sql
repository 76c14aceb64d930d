select
    day_type,
    day_count,
    net_revenue,
    net_revenue_per_day,
    customers_per_day,
    average_basket

from marts.rpt_weekend_vs_weekday

order by day_type
