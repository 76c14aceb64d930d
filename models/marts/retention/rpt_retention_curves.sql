with

cells as (

    select * from {{ ref('rpt_cohort_retention') }}

    where is_complete

)

select
    cohort_type,
    month_number,
    count(*) as cohort_count,
    sum(customer_count) as customer_count,
    sum(active_customer_count) as active_customer_count,
    sum(active_customer_count) / sum(customer_count) as retention_rate,
    cast(sum(cumulative_net_revenue) / sum(customer_count) as decimal(18, 2))
        as cumulative_net_revenue_per_customer

from cells

group by cohort_type, month_number
