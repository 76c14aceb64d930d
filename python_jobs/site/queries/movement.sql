with

months as (

    select
        *,
        rank() over (order by month_end_date desc) as recency

    from marts.rpt_segment_migration

    -- Who was not yet a customer has not moved, but come.
    where from_segment != 'Not yet a customer'

)

select
    previous_month_end_date,
    month_end_date,
    from_segment,
    to_segment,
    customer_count,
    customer_count / sum(customer_count) over (partition by from_segment)
        as share_of_from,
    net_revenue

from months

where recency = 1

order by customer_count desc, from_segment asc, to_segment asc
