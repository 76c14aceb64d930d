select
    payment_method,
    customer_count,
    net_revenue,
    share_of_revenue,
    average_basket

from marts.rpt_sales_by_payment_method

order by net_revenue desc, payment_method asc

limit 20
