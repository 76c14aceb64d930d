with

customers as (

    select * from {{ ref('fct_customer_churn') }}

    where is_high_value_at_risk

),

customer_rfm as (

    select * from {{ ref('fct_customer_rfm') }}

)

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
        format_number(customers.net_revenue, 2),
        ' (more than {{ var("high_value_min_revenue") }})',
        case customers.cadence_basis
            when 'own'
                then concat(
                    '; a typical gap of this customer is ',
                    format_number(customers.cadence_gap_days, 1), ' days'
                )
            else ''
        end
    ) as risk_reason

from customers

inner join customer_rfm on customers.customer_id = customer_rfm.customer_id
