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

-- One row, or none while nobody has bought.
thresholds as (

    select
        {%- for measure in ['recency', 'frequency', 'monetary'] %}
        any_value([q1, q2, q3, q4]) filter (measure = '{{ measure }}') as {{ measure }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ ref('fct_rfm_thresholds') }}

),

-- One row: the score is 1 plus the cut points that a value reaches.
cut_points as (

    select
        {%- for measure in ['recency', 'frequency', 'monetary'] %}
        {%- for score in range(2, 6) %}
        any_value(cut_point) filter (measure = '{{ measure }}' and score = {{ score }})
            as {{ measure }}_{{ score }},
        {%- endfor %}
        {%- endfor %}

    from {{ source('seeds', 'rfm_fixed_cut_points') }}

),

scored as (

    select
        customers.*,
        {{ rfm_score('customers.recency_days', '<', 'thresholds.recency') }} as r_score,
        {{ rfm_score('customers.frequency', '>', 'thresholds.frequency') }} as f_score,
        {{ rfm_score('customers.monetary', '>', 'thresholds.monetary') }} as m_score,
        {%- for name, value, measure, reaches in [
            ('r', 'recency_days', 'recency', '<='),
            ('f', 'frequency', 'frequency', '>='),
            ('m', 'monetary', 'monetary', '>='),
        ] %}
        1
        {%- for score in range(2, 6) %}
            + cast(coalesce(
                customers.{{ value }}
                {{ reaches }} cut_points.{{ measure }}_{{ score }},
                false
            ) as int)
        {%- endfor %}
            as fixed_{{ name }}_score,
        {%- endfor %}

    from customers

    cross join thresholds

    cross join cut_points

    where customers.frequency > 0

)

select
    scored.customer_id,
    scored.as_of_date,
    scored.recency_days,
    scored.frequency,
    scored.monetary,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    {{ rfm_segment('quintile_segments.segment', 'scored.frequency') }} as segment,
    scored.fixed_r_score,
    scored.fixed_f_score,
    scored.fixed_m_score,
    fixed_segments.segment as fixed_segment

from scored

left join {{ source('seeds', 'rfm_segments_quintile') }} as quintile_segments
    on
        scored.r_score = quintile_segments.r_score
        and scored.f_score = quintile_segments.f_score
        and scored.m_score = quintile_segments.m_score

left join {{ source('seeds', 'rfm_segments_fixed') }} as fixed_segments
    on
        scored.fixed_r_score = fixed_segments.r_score
        and scored.fixed_f_score = fixed_segments.f_score
        and scored.fixed_m_score = fixed_segments.m_score

union all

select
    customer_id,
    as_of_date,
    recency_days,
    frequency,
    monetary,
    null as r_score,
    null as f_score,
    null as m_score,
    'Prospects' as segment,
    null as fixed_r_score,
    null as fixed_f_score,
    null as fixed_m_score,
    'Prospects' as fixed_segment

from customers

where frequency = 0
