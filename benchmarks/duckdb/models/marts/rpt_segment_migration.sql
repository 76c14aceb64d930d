select
    month_end_date,
    cast(date_trunc('month', month_end_date) as date) - 1 as previous_month_end_date,
    previous_segment as from_segment,
    segment as to_segment,
    count(*) as customer_count,
    cast(sum(monetary) as decimal(18, 2)) as net_revenue,
    cast(sum(month_net_revenue) as decimal(18, 2)) as month_net_revenue

from {{ ref('fct_customer_rfm_monthly') }}

where
    month_end_date
    > (select last_day(first_transaction_date) from {{ ref('int_as_of_date') }})

group by month_end_date, previous_segment, segment
