{{ config(materialized='view') }}

with

sales as (

    select * from {{ ref('fct_sales_by_attribute') }}

    where attribute = 'hour_of_day'

)

select
    attribute_value as hour_of_day,
    transaction_count,
    customer_count,
    purchase_day_count,
    net_revenue,
    average_basket,
    share_of_revenue,
    last_period_net_revenue,
    preceding_period_net_revenue

from sales
