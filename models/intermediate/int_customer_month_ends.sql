{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    unique_key=['month_end_date', 'customer_id'],
    clustered_by='month_end_date',
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

{# Asked once: the answer is a query of its own. #}
{%- set redo_from = first_month_end_to_redo() -%}

-- Changes only: month_end_date >= '{{ redo_from }}'

with

history as (

    select cast(trunc(last_transaction_date, 'MM') as date) as last_month_start_date

    from {{ ref('int_as_of_date') }}

),

movements as (

    select
        customer_id,
        month_start_date,
        purchase_day_count,
        net_revenue,
        last_purchase_date,
        _changed_batch_id

    from {{ ref('int_customer_months') }}

    where month_start_date >= '{{ redo_from }}'

    {% if is_incremental() %}
    union all

    -- What was so at the end of the month before stands for all that came until then.
    select
        customer_id,
        cast(trunc(month_end_date, 'MM') as date) as month_start_date,
        frequency as purchase_day_count,
        monetary as net_revenue,
        last_purchase_date,
        _changed_batch_id

    from {{ this }}

    where month_end_date = date_sub('{{ redo_from }}', 1)
    {% endif %}

),

balances as (

    select
        customer_id,
        month_start_date,
        sum(purchase_day_count) over (
            partition by customer_id order by month_start_date
        ) as frequency,
        sum(net_revenue) over (
            partition by customer_id order by month_start_date
        ) as monetary,
        max(last_purchase_date) over (
            partition by customer_id order by month_start_date
        ) as last_purchase_date,
        max(_changed_batch_id) over (
            partition by customer_id order by month_start_date
        ) as _changed_batch_id,
        lead(month_start_date) over (
            partition by customer_id order by month_start_date
        ) as next_month_start_date

    from movements

),

openings as (

    select
        *,
        lag(frequency) over (
            partition by customer_id order by month_start_date
        ) as opening_frequency,
        lag(monetary) over (
            partition by customer_id order by month_start_date
        ) as opening_monetary,
        lag(last_purchase_date) over (
            partition by customer_id order by month_start_date
        ) as opening_last_purchase_date

    from balances

),

-- A balance stays until the month of the next movement.
spans as (

    select
        openings.*,
        coalesce(
            add_months(openings.next_month_start_date, -1),
            history.last_month_start_date
        ) as until_month_start_date

    from openings

    cross join history

),

month_ends as (

    select
        *,
        month_date = month_start_date as has_moved

    from spans

        lateral view explode(
            sequence(month_start_date, until_month_start_date, interval 1 month)
        ) as month_date

)

select
    last_day(month_date) as month_end_date,
    customer_id,
    cast(frequency as int) as frequency,
    cast(monetary as decimal(18, 2)) as monetary,
    last_purchase_date,
    cast(if(has_moved, opening_frequency, frequency) as int) as opening_frequency,
    cast(if(has_moved, opening_monetary, monetary) as decimal(18, 2))
        as opening_monetary,
    if(has_moved, opening_last_purchase_date, last_purchase_date)
        as opening_last_purchase_date,
    _changed_batch_id

from month_ends

where month_date >= '{{ redo_from }}'
