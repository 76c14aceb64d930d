{{ config(
    materialized='incremental',
    unique_key=['customer_id', 'activity_date'],
    clustered_by='activity_date',
    meta={'prune_by': 'activity_date', 'delete_when': 'line_count = 0'},
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

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
    {% endif %}

),

customer_days as (

    select
        customer_id,
        activity_date,
        count(*) as line_count,
        count_if(amount > 0) as purchase_line_count,
        count_if(amount < 0) as return_line_count,
        cast(coalesce(sum(amount) filter (where amount > 0), 0) as decimal(18, 2))
            as gross_amount,
        cast(coalesce(-sum(amount) filter (where amount < 0), 0) as decimal(18, 2))
            as returned_amount,
        cast(sum(amount) as decimal(18, 2)) as net_amount,
        count_if(amount > 0 and transacted_hour between 0 and 5)
            as night_line_count,
        count_if(amount > 0 and transacted_hour between 6 and 11)
            as morning_line_count,
        count_if(amount > 0 and transacted_hour between 12 and 17)
            as afternoon_line_count,
        count_if(amount > 0 and transacted_hour between 18 and 23)
            as evening_line_count,
        max(_changed_batch_id) as _changed_batch_id

    from transactions

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
    customer_days._changed_batch_id

from touched

left join customer_days
    on
        touched.customer_id = customer_days.customer_id
        and touched.activity_date = customer_days.activity_date
{% else %}
select * from customer_days
{% endif %}
