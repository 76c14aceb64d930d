{{ config(
    materialized='incremental',
    unique_key=['customer_id', 'activity_date'],
    clustered_by='activity_date',
    meta={'delete_when': 'line_count = 0'},
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

{# Asked once: the answer is a query of its own. #}
{%- set redo_days = touched_days() -%}

-- Changes only: activity_date in ({{ redo_days }})

with

{% if is_incremental() %}
{{ customer_touches_cte(['customer_id', 'activity_date']) }},
{% endif %}

transactions as (

    select
        transactions.customer_id,
        transactions.transacted_date as activity_date,
        transactions.transacted_hour,
        transactions.amount,
        transactions._changed_batch_id

    from {{ ref('stg_transactions') }} as transactions

    {% if is_incremental() %}
    left semi join touched
        on
            transactions.customer_id = touched.customer_id
            and transactions.transacted_date = touched.activity_date

    -- Literals, so that Delta skips the files of other days.
    where transactions.transacted_date in ({{ redo_days }})
    {% endif %}

),

-- All lines of a customer's day in one place: both steps below need no further shuffle.
lines_by_customer_day as (

    select * from transactions

    distribute by customer_id, activity_date

),

customer_hours as (

    select
        customer_id,
        activity_date,
        transacted_hour,
        count(*) as line_count,
        count_if(amount > 0) as purchase_line_count,
        count_if(amount < 0) as return_line_count,
        coalesce(sum(amount) filter (where amount > 0), 0) as gross_amount,
        coalesce(-sum(amount) filter (where amount < 0), 0) as returned_amount,
        sum(amount) as net_amount,
        max(_changed_batch_id) as _changed_batch_id

    from lines_by_customer_day

    group by customer_id, activity_date, transacted_hour

),

customer_days as (

    select
        customer_id,
        activity_date,
        sum(line_count) as line_count,
        sum(purchase_line_count) as purchase_line_count,
        sum(return_line_count) as return_line_count,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        coalesce(sum(purchase_line_count) filter (
            where transacted_hour between 0 and 5
        ), 0) as night_line_count,
        coalesce(sum(purchase_line_count) filter (
            where transacted_hour between 6 and 11
        ), 0) as morning_line_count,
        coalesce(sum(purchase_line_count) filter (
            where transacted_hour between 12 and 17
        ), 0) as afternoon_line_count,
        coalesce(sum(purchase_line_count) filter (
            where transacted_hour between 18 and 23
        ), 0) as evening_line_count,
        -- Bit h is hour h, bit 24 an unknown hour.
        bit_or(if(
            net_amount > 0,
            shiftleft(1, coalesce(transacted_hour, 24)),
            0
        )) as purchase_hours,
        max(_changed_batch_id) as _changed_batch_id

    from customer_hours

    group by customer_id, activity_date

)

{% if is_incremental() %}
-- A touched day that no line is left on comes with line_count 0: the merge deletes it.
select
    touched.customer_id,
    touched.activity_date,
    coalesce(customer_days.line_count, 0) as line_count,
    customer_days.purchase_line_count,
    customer_days.return_line_count,
    customer_days.gross_amount,
    customer_days.returned_amount,
    customer_days.net_amount,
    customer_days.night_line_count,
    customer_days.morning_line_count,
    customer_days.afternoon_line_count,
    customer_days.evening_line_count,
    customer_days.purchase_hours,
    customer_days._changed_batch_id

from touched

left join customer_days
    on
        touched.customer_id = customer_days.customer_id
        and touched.activity_date = customer_days.activity_date
{% else %}
select * from customer_days
{% endif %}
