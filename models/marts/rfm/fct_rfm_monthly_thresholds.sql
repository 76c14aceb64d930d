{{ config(materialized='view') }}

with

thresholds as (

    select * from {{ ref('int_rfm_month_thresholds') }}

)

select
    month_end_date,
    date_add(month_end_date, 1) as as_of_date,
    measure,
    customer_count,
    q1,
    q2,
    q3,
    q4

from thresholds

where month_end_date < {{ as_of_date() }}
