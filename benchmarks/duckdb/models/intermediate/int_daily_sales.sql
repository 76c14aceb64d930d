-- What adds up over lines. Customers and their days do not.
select
    transacted_date as activity_date,
    product_category,
    payment_method,
    transacted_hour,
    count(*) filter (amount > 0) as transaction_count,
    count(*) filter (amount < 0) as return_count,
    cast(sum(greatest(amount, 0)) as decimal(18, 2)) as gross_revenue,
    cast(sum(amount) as decimal(18, 2)) as net_revenue

from {{ ref('stg_transactions') }}

where transacted_date < {{ as_of_date() }}

group by transacted_date, product_category, payment_method, transacted_hour
