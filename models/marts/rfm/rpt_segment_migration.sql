with

customers as (

    select * from {{ ref('fct_customer_rfm_monthly') }}

),

first_month as (

    select last_day(first_transaction_date) as month_end_date

    from {{ ref('int_as_of_date') }}

)

select
    customers.month_end_date,
    last_day(add_months(customers.month_end_date, -1)) as previous_month_end_date,
    customers.previous_segment as from_segment,
    customers.segment as to_segment,
    count(*) as customer_count,
    cast(sum(customers.monetary) as decimal(18, 2)) as net_revenue,
    cast(sum(customers.month_net_revenue) as decimal(18, 2)) as month_net_revenue

from customers

inner join first_month
    on customers.month_end_date > first_month.month_end_date

group by customers.month_end_date, customers.previous_segment, customers.segment
