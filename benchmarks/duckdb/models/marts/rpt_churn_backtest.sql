with

cut as (

    select
        as_of_date,
        as_of_date - {{ var('holdout_days') }} as cut_date

    from {{ ref('int_as_of_date') }}

),

-- What could be known at the cut: nothing after it enters.
customers as (

    select
        days.customer_id,
        cut.cut_date,
        count(*) as purchase_day_count,
        min(days.activity_date) as first_purchase_date,
        max(days.activity_date) as last_purchase_date,
        cut.cut_date - max(days.activity_date) as recency_days,
        median(days.gap_days) as median_gap_days

    from {{ ref('int_customer_days') }} as days

    inner join cut on days.activity_date < cut.cut_date

    where days.net_amount > 0

    group by days.customer_id, cut.cut_date

),

population_gap as (

    select median(days.gap_days) as median_gap_days

    from {{ ref('int_customer_days') }} as days

    inner join cut on days.activity_date < cut.cut_date

),

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

    select distinct days.customer_id

    from {{ ref('int_customer_days') }} as days

    inner join cut
        on
            days.activity_date >= cut.cut_date
            and days.activity_date < cut.as_of_date

    where days.net_amount > 0

),

outcomes as (

    select
        churn_risks.cut_date,
        churn_risks.window_risk,
        churn_risks.cadence_risk,
        churn_risks.p_alive_risk,
        count(*) as customer_count,
        count(*) filter (returned.customer_id is null) as churned_customer_count

    from churn_risks

    left join returned on churn_risks.customer_id = returned.customer_id

    group by all

),

bands as (

    {% for method in ['window', 'cadence', 'p_alive'] -%}
    select
        cut_date,
        '{{ method }}' as method,
        coalesce({{ method }}_risk, 'Unknown') as risk,
        cast(sum(customer_count) as bigint) as customer_count,
        cast(sum(churned_customer_count) as bigint) as churned_customer_count

    from outcomes

    group by cut_date, coalesce({{ method }}_risk, 'Unknown')
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        *,
        churned_customer_count / customer_count as churn_rate,
        sum(churned_customer_count) over methods / sum(customer_count) over methods
            as overall_churn_rate,
        churned_customer_count
        / nullif(sum(churned_customer_count) over methods, 0) as share_of_churned

    from bands

    window methods as (partition by method)

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
    case when risk = 'High' then churn_rate end as precision,
    case when risk = 'High' then share_of_churned end as recall

from compared
