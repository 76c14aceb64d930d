{{ config(
    materialized='incremental',
    unique_key='customer_id',
    meta={'delete_when': 'line_count = 0'},
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

with

{% if is_incremental() %}
{{ customer_touches_cte(['customer_id']) }},
{% endif %}

customer_days as (

    select customer_days.*

    from {{ ref('int_customer_days') }} as customer_days

    {% if is_incremental() %}
    left semi join touched on customer_days.customer_id = touched.customer_id
    {% endif %}

),

{{ customer_lifetime_ctes('customer_days') }}

{% if is_incremental() %}
,

-- A touched customer with no day left comes with line_count 0: the merge deletes it.
emptied as (

    select touched.customer_id

    from touched

    left anti join customer_lifetimes
        on touched.customer_id = customer_lifetimes.customer_id

)
{% endif %}

select * from customer_lifetimes

{% if is_incremental() %}
union all

select
    customer_id,
    null as first_activity_date,
    null as last_activity_date,
    null as first_purchase_date,
    null as last_purchase_date,
    null as purchase_day_count,
    null as weekend_purchase_day_count,
    0 as line_count,
    null as transaction_count,
    null as return_count,
    null as gross_revenue,
    null as returned_revenue,
    null as net_revenue,
    null as night_line_count,
    null as morning_line_count,
    null as afternoon_line_count,
    null as evening_line_count,
    null as purchase_weekdays,
    null as purchase_hours,
    null as purchase_weekday_hours,
    null as gap_count,
    null as gaps_in_days,
    null as mean_gap_days,
    null as _changed_batch_id,
    null as median_gap_days

from emptied
{% endif %}
