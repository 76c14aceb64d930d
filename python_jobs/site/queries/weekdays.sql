select
    day_of_week,
    day_name,
    day_count,
    net_revenue,
    net_revenue_per_day,
    share_of_revenue

from marts.rpt_sales_by_day_of_week

order by net_revenue_per_day desc, day_of_week asc
