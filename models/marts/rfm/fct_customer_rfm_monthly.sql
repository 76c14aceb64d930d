{{ config(
    materialized='incremental',
    incremental_strategy='insert_overwrite',
    unique_key=['month_end_date', 'customer_id'],
    clustered_by='month_end_date',
    tblproperties={'delta.enableDeletionVectors': 'true'},
    post_hook='{{ compact() }}',
) }}

-- depends_on: {{ ref('int_customer_day_touches') }}

{# Asked once: the answer is a query of its own. #}
{%- set redo_from = first_rfm_month_to_redo() -%}

-- Changes only: month_end_date >= '{{ redo_from }}'

with

history as (

    select
        as_of_date,
        first_transaction_date,
        last_transaction_date

    from {{ ref('int_as_of_date') }}

),

months as (

    select last_day(month_start_date) as month_end_date

    from history

        lateral view explode(
            sequence(
                trunc(first_transaction_date, 'MM'),
                trunc(last_transaction_date, 'MM'),
                interval 1 month
            )
        ) as month_start_date

    where
        last_day(month_start_date) < as_of_date
        and last_day(month_start_date) >= '{{ redo_from }}'

),

customers as (

    select * from {{ ref('dim_customers') }}

),

month_ends as (

    select * from {{ ref('int_customer_month_ends') }}

    where
        month_end_date < {{ as_of_date() }}
        and month_end_date >= '{{ redo_from }}'

),

-- From registration until the month of the first line: a Prospect at each month end.
before_first_line as (

    select
        months.month_end_date,
        customers.customer_id,
        customers.known_since_date,
        0 as frequency,
        0 as monetary,
        cast(null as date) as last_purchase_date,
        customers.known_since_date < trunc(months.month_end_date, 'MM') as was_known,
        0 as opening_frequency,
        0 as opening_monetary,
        cast(null as date) as opening_last_purchase_date,
        cast(null as bigint) as _changed_batch_id

    from customers

    inner join months
        on
            customers.known_since_date <= months.month_end_date
            and coalesce(customers.first_line_date > months.month_end_date, true)

),

since_first_line as (

    select
        month_ends.month_end_date,
        month_ends.customer_id,
        customers.known_since_date,
        month_ends.frequency,
        month_ends.monetary,
        month_ends.last_purchase_date,
        customers.known_since_date < trunc(month_ends.month_end_date, 'MM')
            as was_known,
        coalesce(month_ends.opening_frequency, 0) as opening_frequency,
        coalesce(month_ends.opening_monetary, 0) as opening_monetary,
        month_ends.opening_last_purchase_date,
        month_ends._changed_batch_id

    from month_ends

    inner join customers on month_ends.customer_id = customers.customer_id

),

states as (

    select * from before_first_line

    union all

    select * from since_first_line

),

measured as (

    select
        *,
        last_day(add_months(month_end_date, -1)) as previous_month_end_date,
        datediff(month_end_date, last_purchase_date) + 1 as recency_days,
        datediff(
            last_day(add_months(month_end_date, -1)), opening_last_purchase_date
        ) + 1 as opening_recency_days

    from states

),

thresholds as (

    select
        month_end_date,
        max(struct(q1, q2, q3, q4)) filter (where measure = 'recency') as recency,
        max(struct(q1, q2, q3, q4)) filter (where measure = 'frequency') as frequency,
        max(struct(q1, q2, q3, q4)) filter (where measure = 'monetary') as monetary

    from {{ ref('fct_rfm_monthly_thresholds') }}

    group by month_end_date

),

segments as (

    select * from {{ ref('rfm_segments_quintile') }}

),

scored as (

    select
        measured.*,
        {{ rfm_score('measured.recency_days', '<', 'closing.recency.q') }} as r_score,
        {{ rfm_score('measured.frequency', '>', 'closing.frequency.q') }} as f_score,
        {{ rfm_score('measured.monetary', '>', 'closing.monetary.q') }} as m_score,
        {{ rfm_score('measured.opening_recency_days', '<', 'opening.recency.q') }}
            as opening_r_score,
        {{ rfm_score('measured.opening_frequency', '>', 'opening.frequency.q') }}
            as opening_f_score,
        {{ rfm_score('measured.opening_monetary', '>', 'opening.monetary.q') }}
            as opening_m_score

    from measured

    left join thresholds as closing
        on measured.month_end_date = closing.month_end_date

    left join thresholds as opening
        on measured.previous_month_end_date = opening.month_end_date

)

select
    scored.month_end_date,
    date_add(scored.month_end_date, 1) as as_of_date,
    scored.customer_id,
    scored.known_since_date,
    scored.recency_days,
    cast(scored.frequency as int) as frequency,
    cast(scored.monetary as decimal(18, 2)) as monetary,
    cast(scored.monetary - scored.opening_monetary as decimal(18, 2))
        as month_net_revenue,
    if(scored.frequency > 0, scored.r_score, null) as r_score,
    if(scored.frequency > 0, scored.f_score, null) as f_score,
    if(scored.frequency > 0, scored.m_score, null) as m_score,
    {{ rfm_segment('closing_segments.segment', 'scored.frequency') }} as segment,
    case
        when not scored.was_known then 'Not yet a customer'
        else {{ rfm_segment('opening_segments.segment', 'scored.opening_frequency') }}
    end as previous_segment,
    scored._changed_batch_id

from scored

left join segments as closing_segments
    on
        scored.r_score = closing_segments.r_score
        and scored.f_score = closing_segments.f_score
        and scored.m_score = closing_segments.m_score

left join segments as opening_segments
    on
        scored.opening_r_score = opening_segments.r_score
        and scored.opening_f_score = opening_segments.f_score
        and scored.opening_m_score = opening_segments.m_score
