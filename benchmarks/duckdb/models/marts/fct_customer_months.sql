select
    customer_id,
    cast(date_trunc('month', activity_date) as date) as month_start_date,
    count(*) filter (net_amount > 0) as purchase_day_count,
    max(activity_date) filter (net_amount > 0) as last_purchase_date,
    cast(sum(purchase_line_count) as bigint) as transaction_count,
    cast(sum(return_line_count) as bigint) as return_count,
    cast(sum(gross_amount) as decimal(18, 2)) as gross_revenue,
    cast(sum(gross_amount) - sum(net_amount) as decimal(18, 2)) as returned_revenue,
    cast(sum(net_amount) as decimal(18, 2)) as net_revenue

from {{ ref('int_customer_days') }}

where activity_date < {{ as_of_date() }}

group by customer_id, date_trunc('month', activity_date)
