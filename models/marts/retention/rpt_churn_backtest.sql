with

cut as (

    select
        as_of_date,
        date_sub(as_of_date, {{ var('holdout_days') }}) as cut_date

    from {{ ref('int_as_of_date') }}

),

all_days as (

    select
        customer_days.*,
        cut.cut_date

    from {{ ref('int_customer_days') }} as customer_days

    inner join cut on customer_days.activity_date < cut.as_of_date

),

-- What could be known at the cut: nothing after it enters.
days_before as (

    select * from all_days

    where activity_date < cut_date

),

{{ customer_lifetime_ctes('days_before') }},

customers as (

    select
        customer_lifetimes.*,
        cut.cut_date,
        datediff(cut.cut_date, customer_lifetimes.last_purchase_date) as recency_days

    from customer_lifetimes

    cross join cut

    where customer_lifetimes.purchase_day_count > 0

),

gap_counts as (

    select
        gap_days,
        sum(count(*)) over (order by gap_days) as cumulative_gap_count

    from customers

        lateral view explode(gaps_in_days) as gap_days

    group by gap_days

),

{{ median_gap_cte('gap_counts') }},

-- Its parameters are of the cut, or there are none.
purchase_fit as (

    select * from {{ ref('fct_value_fits') }}

    where
        is_used
        and is_cut
        and model != 'Gamma-Gamma'

),

{{ churn_risk_ctes('customers', 'population_gap', 'purchase_fit') }},

returned as (

    select distinct customer_id

    from all_days

    where
        activity_date >= cut_date
        and net_amount > 0

),

outcomes as (

    select
        churn_risks.cut_date,
        churn_risks.window_risk,
        churn_risks.cadence_risk,
        churn_risks.p_alive_risk,
        returned.customer_id is null as has_churned

    from churn_risks

    left join returned on churn_risks.customer_id = returned.customer_id

),

bands as (

    select
        cut_date,
        method,
        coalesce(method_risk, 'Unknown') as risk,
        count(*) as customer_count,
        count_if(has_churned) as churned_customer_count

    from outcomes

        lateral view stack(
            3,
            'window', window_risk,
            'cadence', cadence_risk,
            'p_alive', p_alive_risk
        ) as method, method_risk

    group by cut_date, method, coalesce(method_risk, 'Unknown')

),

compared as (

    select
        *,
        churned_customer_count / customer_count as churn_rate,
        sum(churned_customer_count) over (partition by method)
        / sum(customer_count) over (partition by method) as overall_churn_rate,
        churned_customer_count
        / nullif(sum(churned_customer_count) over (partition by method), 0)
            as share_of_churned

    from bands

)

select
    method,
    risk,
    cut_date,
    customer_count,
    churned_customer_count,
    churn_rate,
    overall_churn_rate,
    share_of_churned,
    churn_rate / nullif(overall_churn_rate, 0) as lift,
    -- High is the prediction that a customer has gone.
    if(risk = 'High', churn_rate, null) as precision,
    if(risk = 'High', share_of_churned, null) as recall

from compared
