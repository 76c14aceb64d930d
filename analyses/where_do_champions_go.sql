-- Of the Champions at one month end, where were they at the next?
select
    month_end_date,
    to_segment,
    customer_count,
    customer_count
    / sum(customer_count) over (partition by month_end_date) as share_of_champions

from marts.rpt_segment_migration

where from_segment = 'Champions'

order by month_end_date asc, customer_count desc
