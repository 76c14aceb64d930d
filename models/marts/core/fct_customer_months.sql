{{ config(materialized='view') }}

with

{% if var('as_of_date') is none %}
customer_months as (

    select * from {{ ref('int_customer_months') }}

)
{% else %}
customer_days as (

    select * from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

),

{{ customer_month_ctes('customer_days') }}
{% endif %}

select
    customer_id,
    month_start_date,
    purchase_day_count,
    last_purchase_date,
    transaction_count,
    return_count,
    gross_revenue,
    returned_revenue,
    net_revenue

from customer_months
