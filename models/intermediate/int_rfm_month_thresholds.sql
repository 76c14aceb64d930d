{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    unique_key=['month_end_date', 'measure'],
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}
-- depends_on: {{ ref('int_as_of_date') }}

{# Asked once: the answer is a query of its own. #}
{%- set redo_from = first_month_end_to_redo() -%}

-- Changes only: month_end_date >= '{{ redo_from }}'

with

month_ends as (

    select * from {{ ref('int_customer_month_ends') }}

    where month_end_date >= '{{ redo_from }}'

),

buyers as (

    select
        date_add(month_end_date, 1) as as_of_date,
        datediff(month_end_date, last_purchase_date) + 1 as recency_days,
        frequency,
        monetary

    from month_ends

    where frequency > 0

),

{{ rfm_threshold_ctes('buyers') }},

newest_batches as (

    select
        month_end_date,
        max(_changed_batch_id) as _changed_batch_id

    from month_ends

    group by month_end_date

)

select
    date_sub(rfm_thresholds.as_of_date, 1) as month_end_date,
    rfm_thresholds.measure,
    rfm_thresholds.customer_count,
    rfm_thresholds.q1,
    rfm_thresholds.q2,
    rfm_thresholds.q3,
    rfm_thresholds.q4,
    newest_batches._changed_batch_id

from rfm_thresholds

inner join newest_batches
    on rfm_thresholds.as_of_date = date_add(newest_batches.month_end_date, 1)
