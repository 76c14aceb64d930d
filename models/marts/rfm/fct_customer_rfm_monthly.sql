{{ config(materialized='view') }}

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

    where last_day(month_start_date) < as_of_date

),

customers as (

    select * from {{ ref('dim_customers') }}

),

month_ends as (

    select * from {{ ref('int_customer_month_ends') }}

    where month_end_date < {{ as_of_date() }}

),

-- From registration until the month of the first line: a Prospect at each month end.
first_states as (

    select
        months.month_end_date,
        customers.customer_id,
        coalesce(months.month_end_date = first_month_ends.month_end_date, false)
            as has_lines,
        first_month_ends.frequency,
        first_month_ends.monetary,
        first_month_ends.last_purchase_date,
        customers.known_since_date < trunc(months.month_end_date, 'MM')
            as was_known

    from customers

    left join month_ends as first_month_ends
        on
            customers.customer_id = first_month_ends.customer_id
            and first_month_ends.opening_frequency is null

    inner join months
        on
            customers.known_since_date <= months.month_end_date
            and coalesce(
                first_month_ends.month_end_date >= months.month_end_date, true
            )

),

states as (

    select
        month_end_date,
        customer_id,
        if(has_lines, frequency, 0) as frequency,
        if(has_lines, monetary, 0) as monetary,
        if(has_lines, last_purchase_date, null) as last_purchase_date,
        was_known,
        0 as opening_frequency,
        0 as opening_monetary,
        cast(null as date) as opening_last_purchase_date

    from first_states

    union all

    select
        month_end_date,
        customer_id,
        frequency,
        monetary,
        last_purchase_date,
        true as was_known,
        opening_frequency,
        opening_monetary,
        opening_last_purchase_date

    from month_ends

    where opening_frequency is not null

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
    end as previous_segment

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
