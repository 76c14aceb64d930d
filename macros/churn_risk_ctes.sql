{% macro churn_risk_ctes(customers, population_gap, purchase_fit) -%}
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
        ) as cadence_basis,
        datediff(customers.last_purchase_date, customers.first_purchase_date)
            as last_purchase_age

    from {{ customers }} as customers

    cross join {{ population_gap }} as population_gap

),

probabilities as (

    select
        cadences.*,
        case
            when cadences.purchase_day_count > 0
                then
                    {{ p_alive(
                        'purchase_fit',
                        '(cadences.purchase_day_count - 1)',
                        'cadences.last_purchase_age',
                        '(cadences.last_purchase_age + cadences.recency_days)'
                    ) | indent(20) }}
        end as p_alive,
        purchase_fit.no_fit_reason

    from cadences

    cross join {{ purchase_fit }} as purchase_fit

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
        end as cadence_risk,
        case
            when p_alive < {{ var('churn_alive_high') }} then 'High'
            when p_alive < {{ var('churn_alive_medium') }} then 'Medium'
            when p_alive is not null then 'Low'
        end as p_alive_risk

    from probabilities

)
{%- endmacro %}
