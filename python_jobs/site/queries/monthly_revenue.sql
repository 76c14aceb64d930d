select
    period_start_date,
    is_complete,
    metric_value as net_revenue,
    previous_value as previous_net_revenue,
    change_rate

from insights.rpt_executive_summary

where metric = 'net_revenue'

order by period_start_date desc

limit 36
