{{ config(materialized='view') }}

with

transactions as (

    select * from {{ ref('stg_transactions_resolved') }}

)

select
    transaction_id,
    customer_id,
    transacted_at,
    transacted_date,
    transacted_hour,
    product_category,
    amount,
    quantity,
    payment_method,
    _changed_batch_id,
    _batch_id,
    _ingested_at,
    _source

from transactions

where quarantine_reason is null
