{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    unique_key=['activity_date', 'attribute', 'attribute_value'],
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

{# Asked once: the answer is a query of its own. #}
{%- set redo_days = touched_days() -%}

-- Changes only: activity_date in ({{ redo_days }})

with

transactions as (

    select
        customer_id,
        transacted_date as activity_date,
        product_category,
        payment_method,
        coalesce(lpad(transacted_hour, 2, '0'), 'unknown') as hour_of_day,
        amount,
        _changed_batch_id

    from {{ ref('stg_transactions') }}

    {% if is_incremental() %}
    where transacted_date in ({{ redo_days }})
    {% endif %}

),

-- All lines of a customer's day in one place: the step after next needs no shuffle.
lines_by_customer_day as (

    select * from transactions

    distribute by customer_id, activity_date

),

attribute_lines as (

    select
        customer_id,
        activity_date,
        amount,
        _changed_batch_id,
        attribute,
        attribute_value

    from lines_by_customer_day

        lateral view stack(
            4,
            'day', 'all',
            'product_category', product_category,
            'payment_method', payment_method,
            'hour_of_day', hour_of_day
        ) as attribute, attribute_value

),

customer_days as (

    select
        customer_id,
        activity_date,
        attribute,
        attribute_value,
        count_if(amount > 0) as transaction_count,
        count_if(amount < 0) as return_count,
        sum(amount) filter (where amount > 0) as gross_amount,
        -sum(amount) filter (where amount < 0) as returned_amount,
        sum(amount) as net_amount,
        max(_changed_batch_id) as _changed_batch_id

    from attribute_lines

    group by customer_id, activity_date, attribute, attribute_value

)

select
    activity_date,
    attribute,
    attribute_value,
    count_if(net_amount > 0) as purchase_day_count,
    sum(transaction_count) as transaction_count,
    sum(return_count) as return_count,
    cast(coalesce(sum(gross_amount), 0) as decimal(18, 2)) as gross_revenue,
    cast(coalesce(sum(returned_amount), 0) as decimal(18, 2)) as returned_revenue,
    cast(sum(net_amount) as decimal(18, 2)) as net_revenue,
    max(_changed_batch_id) as _changed_batch_id

from customer_days

group by activity_date, attribute, attribute_value
