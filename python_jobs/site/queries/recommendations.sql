select
    priority,
    audience,
    advice,
    channel,
    customer_count,
    net_revenue,
    evidence

from insights.rpt_recommendations

order by priority asc, net_revenue desc, audience asc
