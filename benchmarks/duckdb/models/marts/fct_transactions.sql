{{ config(materialized='view') }}

select
    transaction_id,
    customer_id,
    product_category,
    payment_method,
    amount,
    quantity,
    amount < 0 as is_return,
    transacted_at,
    transacted_date,
    transacted_hour

from {{ ref('stg_transactions') }}

where transacted_date < {{ as_of_date() }}
