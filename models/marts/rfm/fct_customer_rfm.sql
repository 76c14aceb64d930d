with

customers as (

    select
        customer_id,
        as_of_date,
        recency_days,
        cast(purchase_day_count as int) as frequency,
        net_revenue as monetary

    from {{ ref('dim_customers') }}

),

thresholds as (

    select * from {{ ref('fct_rfm_thresholds') }}

),

quintile_segments as (

    select * from {{ ref('rfm_segments_quintile') }}

),

fixed_segments as (

    select * from {{ ref('rfm_segments_fixed') }}

),

-- One row: the score is 1 plus the cut points that a value reaches.
cut_points as (

    select * from {{ ref('rfm_fixed_cut_points') }}

        pivot (
            max(cut_point) for (measure, score) in (
                ('recency', 2) as recency_2,
                ('recency', 3) as recency_3,
                ('recency', 4) as recency_4,
                ('recency', 5) as recency_5,
                ('frequency', 2) as frequency_2,
                ('frequency', 3) as frequency_3,
                ('frequency', 4) as frequency_4,
                ('frequency', 5) as frequency_5,
                ('monetary', 2) as monetary_2,
                ('monetary', 3) as monetary_3,
                ('monetary', 4) as monetary_4,
                ('monetary', 5) as monetary_5
            )
        )

),

scored as (

    select
        customers.*,
        {{ rfm_score('customers.recency_days', '<', 'recency.q') }} as r_score,
        {{ rfm_score('customers.frequency', '>', 'frequency.q') }} as f_score,
        {{ rfm_score('customers.monetary', '>', 'monetary.q') }} as m_score,
        {{ fixed_score('customers.recency_days', '<=', 'cut_points.recency_') }}
            as fixed_r_score,
        {{ fixed_score('customers.frequency', '>=', 'cut_points.frequency_') }}
            as fixed_f_score,
        {{ fixed_score('customers.monetary', '>=', 'cut_points.monetary_') }}
            as fixed_m_score

    from customers

    cross join cut_points

    inner join thresholds as recency
        on
            customers.as_of_date = recency.as_of_date
            and recency.measure = 'recency'

    inner join thresholds as frequency
        on
            customers.as_of_date = frequency.as_of_date
            and frequency.measure = 'frequency'

    inner join thresholds as monetary
        on
            customers.as_of_date = monetary.as_of_date
            and monetary.measure = 'monetary'

    where customers.frequency > 0

),

segmented as (

    select
        scored.*,
        {{ rfm_segment('quintile_segments.segment', 'scored.frequency') }} as segment,
        fixed_segments.segment as fixed_segment

    from scored

    left join quintile_segments
        on
            scored.r_score = quintile_segments.r_score
            and scored.f_score = quintile_segments.f_score
            and scored.m_score = quintile_segments.m_score

    left join fixed_segments
        on
            scored.fixed_r_score = fixed_segments.r_score
            and scored.fixed_f_score = fixed_segments.f_score
            and scored.fixed_m_score = fixed_segments.m_score

)

select
    customer_id,
    as_of_date,
    recency_days,
    frequency,
    monetary,
    r_score,
    f_score,
    m_score,
    segment,
    fixed_r_score,
    fixed_f_score,
    fixed_m_score,
    fixed_segment

from segmented

union all

select
    customer_id,
    as_of_date,
    recency_days,
    frequency,
    monetary,
    cast(null as int) as r_score,
    cast(null as int) as f_score,
    cast(null as int) as m_score,
    'Prospects' as segment,
    cast(null as int) as fixed_r_score,
    cast(null as int) as fixed_f_score,
    cast(null as int) as fixed_m_score,
    'Prospects' as fixed_segment

from customers

where frequency = 0
