with

cohorts as (

    select
        *,
        dense_rank() over (order by cohort_month desc) as recency

    from marts.rpt_cohort_retention

    where cohort_type = 'first_purchase' and cohort_month is not null

)

select
    cohort,
    month_number,
    customer_count,
    active_customer_count,
    retention_rate,
    cumulative_net_revenue_per_customer

from cohorts

where recency <= 24 and is_complete and month_number between 1 and 24

order by cohort, month_number
