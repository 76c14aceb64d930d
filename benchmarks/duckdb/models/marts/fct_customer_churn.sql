with

customers as (

    select * from {{ ref('dim_customers') }}

),

population_gap as (

    select median(gap_days) as median_gap_days

    from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

),

purchase_fit as (

    select * from {{ ref('fct_value_fits') }}

    where
        is_used
        and not is_cut
        and model != 'Gamma-Gamma'

),

{{ churn_risk_ctes('customers', 'population_gap', 'purchase_fit') }},

recent_revenue as (

    select
        customer_id,
        sum(net_amount) as net_revenue

    from {{ ref('int_customer_days') }}

    where
        activity_date < {{ as_of_date() }}
        and activity_date >= {{ as_of_date() }} - {{ var('stake_days') }}

    group by customer_id

)

select
    churn_risks.customer_id,
    churn_risks.as_of_date,
    churn_risks.recency_days,
    cast(churn_risks.purchase_day_count as int) as frequency,
    churn_risks.net_revenue,
    cast(greatest(recent_revenue.net_revenue, 0) as decimal(18, 2))
        as revenue_at_stake,
    churn_risks.window_risk,
    churn_risks.cadence_gap_days,
    case
        when churn_risks.purchase_day_count = 0 then 'no purchase day'
        when churn_risks.cadence_gap_days is null then 'no customer has a gap yet'
        else churn_risks.cadence_basis
    end as cadence_basis,
    churn_risks.cadence_ratio,
    churn_risks.cadence_risk,
    churn_risks.p_alive,
    case
        when churn_risks.purchase_day_count = 0 then 'no purchase day'
        else churn_risks.no_fit_reason
    end as no_p_alive_reason,
    churn_risks.p_alive_risk,
    coalesce(
        churn_risks.window_risk = 'High'
        and churn_risks.net_revenue > {{ var('high_value_min_revenue') }},
        false
    ) as is_high_value_at_risk

from churn_risks

left join recent_revenue
    on churn_risks.customer_id = recent_revenue.customer_id
