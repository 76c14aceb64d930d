with

customers as (

    select
        count(*) as customer_count,
        count_if(purchase_day_count > 0) as buyer_count

    from marts.dim_customers

)

select
    date_add(max(sales.calendar_date), 1) as as_of_date,
    min(sales.calendar_date) as first_date,
    max(sales.calendar_date) as last_date,
    sum(sales.transaction_count) as transaction_count,
    sum(sales.return_count) as return_count,
    sum(sales.net_revenue) as net_revenue,
    max(customers.customer_count) as customer_count,
    max(customers.buyer_count) as buyer_count

from marts.fct_daily_sales as sales

cross join customers

having count(*) > 0
