select
    product_category,
    customer_count,
    net_revenue,
    share_of_revenue,
    average_basket

from marts.rpt_sales_by_category

order by net_revenue desc, product_category asc

limit 20
