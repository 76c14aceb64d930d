select
    previous_month_end_date,
    month_end_date,
    from_segment,
    to_segment,
    customer_count,
    customer_count / sum(customer_count) over (partition by from_segment) as share_of_from,
    net_revenue

from marts.rpt_segment_migration

-- Who was not yet a customer has not moved, but come.
where
    month_end_date = (select max(month_end_date) from marts.rpt_segment_migration)
    and from_segment != 'Not yet a customer'

order by customer_count desc, from_segment, to_segment
