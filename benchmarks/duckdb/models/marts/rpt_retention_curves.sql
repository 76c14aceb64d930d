select
    cohort_type,
    month_number,
    count(*) as cohort_count,
    cast(sum(customer_count) as bigint) as customer_count,
    cast(sum(active_customer_count) as bigint) as active_customer_count,
    sum(active_customer_count) / sum(customer_count) as retention_rate,
    {{ money_per('sum(cumulative_net_revenue)', 'sum(customer_count)') }}
        as cumulative_net_revenue_per_customer

from {{ ref('rpt_cohort_retention') }}

where is_complete

group by cohort_type, month_number
