select
    month_number,
    cohort_count,
    customer_count,
    active_customer_count,
    retention_rate,
    cumulative_net_revenue_per_customer

from marts.rpt_retention_curves

where cohort_type = 'first_purchase' and cohort_count > 0 and month_number > 0

order by month_number
