{{ config(materialized='view') }}

select * from {{ ref('stg_transactions_resolved') }}

where quarantine_reason is null
