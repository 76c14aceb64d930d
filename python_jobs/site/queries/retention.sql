select
    cohort,
    month_number,
    customer_count,
    active_customer_count,
    retention_rate,
    cumulative_net_revenue_per_customer

from marts.rpt_cohort_retention

where
    cohort_type = 'first_purchase'
    and is_complete
    and month_number between 1 and 24
    and cohort_month > add_months(
        (select max(cohort_month) from marts.rpt_cohort_retention), -24
    )

order by cohort, month_number
