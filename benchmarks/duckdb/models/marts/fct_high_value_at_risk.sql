select
    customers.customer_id,
    customers.as_of_date,
    customer_rfm.segment,
    customers.net_revenue,
    customers.revenue_at_stake,
    customers.recency_days,
    customers.frequency,
    customers.cadence_gap_days,
    customers.cadence_risk,
    concat(
        'no purchase for ', customers.recency_days,
        ' days (more than {{ var("churn_window_high_days") }}), net revenue ',
        format('{:,.2f}', customers.net_revenue),
        ' (more than {{ var("high_value_min_revenue") }})',
        if(
            customers.cadence_basis = 'own',
            concat(
                '; a typical gap of this customer is ',
                format('{:,.1f}', customers.cadence_gap_days), ' days'
            ),
            ''
        )
    ) as risk_reason

from {{ ref('fct_customer_churn') }} as customers

inner join {{ ref('fct_customer_rfm') }} as customer_rfm
    on customers.customer_id = customer_rfm.customer_id

where customers.is_high_value_at_risk
