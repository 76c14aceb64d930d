select
    method,
    risk,
    customer_count,
    share_of_customers,
    net_revenue,
    revenue_at_stake,
    average_recency_days

from marts.rpt_churn_risk

order by
    method,
    array_position(array('High', 'Medium', 'Low', 'Unknown', 'Prospects'), risk)
