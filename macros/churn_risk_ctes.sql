{% macro churn_risk_ctes(customers, population_gap) -%}
cadences as (

    select
        customers.*,
        -- A customer who bought but a few times has no cadence of his own yet.
        if(
            customers.purchase_day_count > {{ var('churn_cadence_min_gaps') }},
            customers.median_gap_days,
            population_gap.median_gap_days
        ) as cadence_gap_days,
        if(
            customers.purchase_day_count > {{ var('churn_cadence_min_gaps') }},
            'own',
            'population'
        ) as cadence_basis

    from {{ customers }} as customers

    cross join {{ population_gap }} as population_gap

),

churn_risks as (

    select
        *,
        recency_days / cadence_gap_days as cadence_ratio,
        case
            when recency_days > {{ var('churn_window_high_days') }} then 'High'
            when recency_days > {{ var('churn_window_medium_days') }} then 'Medium'
            when recency_days is not null then 'Low'
        end as window_risk,
        case
            when recency_days / cadence_gap_days > {{ var('churn_cadence_high_gaps') }}
                then 'High'
            when
                recency_days / cadence_gap_days
                > {{ var('churn_cadence_medium_gaps') }}
                then 'Medium'
            when recency_days / cadence_gap_days is not null then 'Low'
        end as cadence_risk

    from cadences

)
{%- endmacro %}
