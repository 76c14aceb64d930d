{{ config(materialized='view') }}

with

customers as (

    select * from {{ ref('stg_customers_resolved') }}

)

select
    customer_id,
    quarantine_reason,
    age,
    gender,
    location,
    membership_level,
    registration_date,
    _batch_id,
    _ingested_at,
    _source

from customers

where quarantine_reason is not null
