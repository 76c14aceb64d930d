with

months as (

    select distinct month_end_date from {{ ref('int_customer_month_ends') }}

),

-- From registration until the month of the first line: a Prospect at each month end.
before_first_line as (

    select
        months.month_end_date,
        customers.customer_id,
        customers.known_since_date,
        customers.known_since_date < date_trunc('month', months.month_end_date)
            as was_known

    from {{ ref('dim_customers') }} as customers

    inner join months
        on
            customers.known_since_date <= months.month_end_date
            and coalesce(customers.first_line_date, date '9999-12-31')
            > months.month_end_date

),

scored as (

    select
        month_ends.month_end_date,
        month_ends.customer_id,
        customers.known_since_date,
        customers.known_since_date < date_trunc('month', month_ends.month_end_date)
            as was_known,
        cast(month_ends.month_end_date - month_ends.last_purchase_date + 1 as int)
            as recency_days,
        month_ends.frequency,
        month_ends.monetary,
        coalesce(month_ends.opening_frequency, 0) as opening_frequency,
        month_ends.monetary - coalesce(month_ends.opening_monetary, 0)
            as month_net_revenue,
        month_ends._changed_batch_id,
        {{ rfm_score(
            '(month_ends.month_end_date - month_ends.last_purchase_date + 1)',
            '<',
            'closing.recency',
        ) }} as r_score,
        {{ rfm_score('month_ends.frequency', '>', 'closing.frequency') }} as f_score,
        {{ rfm_score('month_ends.monetary', '>', 'closing.monetary') }} as m_score,
        {{ rfm_score(
            '(opening.month_end_date - month_ends.opening_last_purchase_date + 1)',
            '<',
            'opening.recency',
        ) }} as opening_r_score,
        {{ rfm_score('month_ends.opening_frequency', '>', 'opening.frequency') }}
            as opening_f_score,
        {{ rfm_score('month_ends.opening_monetary', '>', 'opening.monetary') }}
            as opening_m_score

    from {{ ref('int_customer_month_ends') }} as month_ends

    inner join {{ ref('dim_customers') }} as customers
        on month_ends.customer_id = customers.customer_id

    left join {{ ref('int_rfm_month_quantiles') }} as closing
        on month_ends.month_end_date = closing.month_end_date

    left join {{ ref('int_rfm_month_quantiles') }} as opening
        on
            date_trunc('month', month_ends.month_end_date)
            = opening.month_end_date + 1

)

select
    scored.month_end_date,
    scored.month_end_date + 1 as as_of_date,
    scored.customer_id,
    scored.known_since_date,
    scored.recency_days,
    scored.frequency,
    scored.monetary,
    cast(scored.month_net_revenue as decimal(18, 2)) as month_net_revenue,
    case when scored.frequency > 0 then scored.r_score end as r_score,
    case when scored.frequency > 0 then scored.f_score end as f_score,
    case when scored.frequency > 0 then scored.m_score end as m_score,
    {{ rfm_segment('closing_segments.segment', 'scored.frequency') }} as segment,
    case
        when not scored.was_known then 'Not yet a customer'
        else {{ rfm_segment('opening_segments.segment', 'scored.opening_frequency') }}
    end as previous_segment,
    scored._changed_batch_id

from scored

left join {{ source('seeds', 'rfm_segments_quintile') }} as closing_segments
    on
        scored.r_score = closing_segments.r_score
        and scored.f_score = closing_segments.f_score
        and scored.m_score = closing_segments.m_score

left join {{ source('seeds', 'rfm_segments_quintile') }} as opening_segments
    on
        scored.opening_r_score = opening_segments.r_score
        and scored.opening_f_score = opening_segments.f_score
        and scored.opening_m_score = opening_segments.m_score

union all

select
    month_end_date,
    month_end_date + 1 as as_of_date,
    customer_id,
    known_since_date,
    null as recency_days,
    0 as frequency,
    0 as monetary,
    0 as month_net_revenue,
    null as r_score,
    null as f_score,
    null as m_score,
    'Prospects' as segment,
    if(was_known, 'Prospects', 'Not yet a customer') as previous_segment,
    null as _changed_batch_id

from before_first_line
