select
    count(*) as customer_count,
    sum(net_revenue) as net_revenue

from marts.fct_high_value_at_risk
