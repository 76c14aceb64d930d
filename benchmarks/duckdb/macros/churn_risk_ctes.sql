{% macro churn_risk_ctes(customers, population_gap, purchase_fit) -%}
cadences as (

    select
        customers.*,
        case
            when customers.purchase_day_count > {{ var('churn_cadence_min_gaps') }}
                then customers.median_gap_days
            else population_gap.median_gap_days
        end as cadence_gap_days,
        case
            when customers.purchase_day_count > {{ var('churn_cadence_min_gaps') }}
                then 'own'
            else 'population'
        end as cadence_basis,
        purchase_fit.no_fit_reason,
        case
            when customers.purchase_day_count > 0
                then
                    {{ p_alive(
                        'purchase_fit',
                        '(customers.purchase_day_count - 1)',
                        '(last_purchase_date - first_purchase_date)',
                        '(last_purchase_date - first_purchase_date + recency_days)'
                    ) | indent(20) }}
        end as p_alive

    from {{ customers }} as customers

    cross join {{ population_gap }} as population_gap

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

    from cadences

)
{%- endmacro %}
