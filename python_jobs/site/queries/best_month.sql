select
    period_start_date,
    metric_value as net_revenue

from insights.rpt_executive_summary

where metric = 'net_revenue' and is_complete

order by metric_value desc, period_start_date asc

limit 1
