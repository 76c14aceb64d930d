{{ config(materialized='view') }}

with

transactions as (

    select * from {{ ref('stg_transactions_resolved') }}

)

select
    transaction_id,
    quarantine_reason,
    customer_id,
    transacted_at,
    product_category,
    amount,
    quantity,
    payment_method,
    _batch_id,
    _ingested_at,
    _source

from transactions

where quarantine_reason is not null
