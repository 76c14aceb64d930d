select
    day_of_week,
    -- The first of 2024 was a Monday.
    date_format(date_add(date '2023-12-31', day_of_week), 'EEEE') as day_name,
    hour_of_day,
    purchase_day_count,
    net_revenue

from marts.rpt_sales_by_day_and_hour

where hour_of_day != 'unknown'

order by net_revenue desc, day_of_week asc, hour_of_day asc
