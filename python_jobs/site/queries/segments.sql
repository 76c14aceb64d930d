select
    segment,
    customer_count,
    share_of_customers,
    net_revenue,
    share_of_revenue,
    average_recency_days,
    average_frequency,
    average_monetary,
    count(*) over () as segment_count

from marts.rpt_rfm_segments

where method = 'quintile' and customer_count > 0

order by net_revenue desc, segment asc
