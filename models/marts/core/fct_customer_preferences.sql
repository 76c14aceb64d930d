{{ config(materialized='view') }}

with

{% if var('as_of_date') is none %}
customer_preferences as (

    select * from {{ ref('int_customer_preferences') }}

)
{% else %}
transactions as (

    select * from {{ ref('stg_transactions') }}

    where transacted_date < {{ as_of_date() }}

),

{{ customer_preference_ctes('transactions') }}
{% endif %}

select
    customer_id,
    attribute,
    attribute_value,
    line_count,
    purchase_line_count,
    purchase_day_count,
    net_amount as net_revenue

from customer_preferences
