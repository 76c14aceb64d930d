select
    method,
    case method
        when 'window' then 'Window'
        when 'cadence' then 'Own cadence'
        when 'p_alive' then 'P(alive)'
    end as method_name,
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
