{{ config(materialized='view') }}

{{ rfm_threshold_rows(
    ref('int_rfm_month_quantiles'),
    ['month_end_date', 'month_end_date + 1 as as_of_date'],
) }}
