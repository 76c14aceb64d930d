{{ config(materialized='view') }}

with

transactions as (

    select * from {{ ref('stg_transactions_resolved') }}

)

select
    customer_id,
    transacted_date as activity_date,
    _changed_batch_id

from transactions

where customer_id is not null

union all

select
    customer_day.customer_id,
    customer_day.transacted_date as activity_date,
    transactions._changed_batch_id

from transactions

    lateral view explode(transactions.superseded_customer_days) as customer_day

where customer_day.customer_id is not null
