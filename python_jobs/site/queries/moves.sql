select
    month_end_date,
    sum(customer_count) as customer_count,
    sum(if(from_segment != to_segment, customer_count, 0)) / sum(customer_count)
        as share_that_moved

from marts.rpt_segment_migration

where from_segment != 'Not yet a customer'

group by month_end_date

order by month_end_date desc

limit 1
