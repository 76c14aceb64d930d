-- Which share of each month's new customers bought again one, two, three months on?
select
    cohort,
    customer_count,
    max(retention_rate) filter (where month_number = 1) as after_one_month,
    max(retention_rate) filter (where month_number = 2) as after_two_months,
    max(retention_rate) filter (where month_number = 3) as after_three_months

from marts.rpt_cohort_retention

where
    cohort_type = 'first_purchase'
    and cohort != 'unknown'

group by cohort, customer_count

order by cohort
