{{ config(
    materialized='incremental',
    unique_key=['customer_id', 'attribute', 'attribute_value'],
    meta={'delete_when': 'line_count = 0'},
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

with

{% if is_incremental() %}
{{ customer_touches_cte(['customer_id']) }},
{% endif %}

transactions as (

    select
        transactions.customer_id,
        transactions.transacted_date,
        transactions.product_category,
        transactions.payment_method,
        transactions.amount,
        transactions._changed_batch_id

    from {{ ref('stg_transactions') }} as transactions

    {% if is_incremental() %}
    left semi join touched on transactions.customer_id = touched.customer_id
    {% endif %}

),

{{ customer_preference_ctes('transactions') }}

{% if is_incremental() %}
,

-- A preference that no line is left for comes with line_count 0: the merge deletes it.
emptied as (

    select
        this_table.customer_id,
        this_table.attribute,
        this_table.attribute_value

    from {{ this }} as this_table

    left semi join touched on this_table.customer_id = touched.customer_id

    left anti join customer_preferences
        on
            this_table.customer_id = customer_preferences.customer_id
            and this_table.attribute = customer_preferences.attribute
            and this_table.attribute_value = customer_preferences.attribute_value

)
{% endif %}

select * from customer_preferences

{% if is_incremental() %}
union all

select
    customer_id,
    attribute,
    attribute_value,
    0 as line_count,
    null as purchase_line_count,
    null as purchase_day_count,
    null as net_amount,
    null as _changed_batch_id

from emptied
{% endif %}
