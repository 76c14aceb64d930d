-- Who are the customers that bring most, and what do they like?
select
    customers.customer_id,
    rfm.segment,
    customers.net_revenue,
    customers.purchase_day_count,
    customers.recency_days,
    customers.favourite_category,
    customers.favourite_payment_method

from marts.dim_customers as customers

inner join marts.fct_customer_rfm as rfm
    on customers.customer_id = rfm.customer_id

order by customers.net_revenue desc, customers.customer_id asc

limit 50
