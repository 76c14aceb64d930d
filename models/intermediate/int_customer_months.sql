{{ config(
    materialized='incremental',
    unique_key=['customer_id', 'month_start_date'],
    clustered_by='month_start_date',
    meta={'delete_when': 'line_count = 0'},
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

{# Asked once: the answer is a query of its own. #}
{%- set redo_from = first_month_to_redo() -%}

-- Changes only: month_start_date >= '{{ redo_from }}'

with

{% if is_incremental() %}
{{ customer_touches_cte([
    'customer_id', "trunc(activity_date, 'MM') as month_start_date",
]) }},
{% endif %}

customer_days as (

    select customer_days.*

    from {{ ref('int_customer_days') }} as customer_days

    {% if is_incremental() %}
    left semi join touched
        on
            customer_days.customer_id = touched.customer_id
            and trunc(customer_days.activity_date, 'MM') = touched.month_start_date

    -- A literal, so that Delta skips the files of earlier months.
    where customer_days.activity_date >= '{{ redo_from }}'
    {% endif %}

),

{{ customer_month_ctes('customer_days') }}

{% if is_incremental() %}
,

-- A touched month with no line left comes with line_count 0: the merge deletes it.
emptied as (

    select touched.*

    from touched

    left anti join customer_months
        on
            touched.customer_id = customer_months.customer_id
            and touched.month_start_date = customer_months.month_start_date

)
{% endif %}

select * from customer_months

{% if is_incremental() %}
union all

select
    customer_id,
    month_start_date,
    null as purchase_day_count,
    null as last_purchase_date,
    0 as line_count,
    null as transaction_count,
    null as return_count,
    null as gross_revenue,
    null as returned_revenue,
    null as net_revenue,
    null as _changed_batch_id

from emptied
{% endif %}
