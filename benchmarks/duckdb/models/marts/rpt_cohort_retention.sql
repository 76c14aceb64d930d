{%- set cohort_types = ['registration', 'first_purchase'] -%}
with

history as (

    select
        as_of_date,
        cast(date_trunc('month', as_of_date - 1) as date) as last_month_start_date

    from {{ ref('int_as_of_date') }}

    where as_of_date is not null

),

-- A registration still to come at the as-of date is not known yet.
customers as (

    select
        customer_id,
        cast(
            date_trunc('month', case
                when registration_date < as_of_date then registration_date
            end) as date
        ) as registration_month,
        cast(date_trunc('month', first_purchase_date) as date) as first_purchase_month

    from {{ ref('dim_customers') }}

),

-- Both kinds of cohorts in one go: there are few months.
customer_counts as (

    select
        registration_month,
        first_purchase_month,
        count(*) as customer_count

    from customers

    group by registration_month, first_purchase_month

),

activity as (

    select
        customers.registration_month,
        customers.first_purchase_month,
        months.month_start_date,
        count(*) filter (months.purchase_day_count > 0) as active_customer_count,
        sum(months.net_revenue) as net_revenue

    from {{ ref('fct_customer_months') }} as months

    inner join customers on months.customer_id = customers.customer_id

    group by all

),

cohorts as (

    {% for cohort_type in cohort_types -%}
    select
        '{{ cohort_type }}' as cohort_type,
        {{ cohort_type }}_month as cohort_month,
        sum(customer_count) as customer_count

    from customer_counts

    group by {{ cohort_type }}_month
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

cohort_months as (

    {% for cohort_type in cohort_types -%}
    select
        '{{ cohort_type }}' as cohort_type,
        {{ cohort_type }}_month as cohort_month,
        -- Money from before the cohort's month counts in it.
        greatest(date_diff('month', {{ cohort_type }}_month, month_start_date), 0)
            as month_number,
        sum(active_customer_count) filter (month_start_date >= {{ cohort_type }}_month)
            as active_customer_count,
        sum(net_revenue) as net_revenue

    from activity

    group by {{ cohort_type }}_month, month_number
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

numbered_cohorts as (

    select
        cohorts.*,
        history.as_of_date,
        coalesce(
            date_diff('month', cohorts.cohort_month, history.last_month_start_date), 0
        ) as last_month_number

    from cohorts

    cross join history

),

-- All cohorts get as many cells as the oldest: those in the future are NULL.
cells as (

    select
        *,
        unnest(range(
            if(cohort_month is null, 1, 1 + max(last_month_number) over cohort_types)
        )) as month_number

    from numbered_cohorts

    window cohort_types as (partition by cohort_type)

),

observed as (

    select
        cells.cohort_type,
        cells.cohort_month,
        cells.month_number,
        cast(cells.customer_count as bigint) as customer_count,
        cells.month_number <= cells.last_month_number as is_observed,
        cells.cohort_month + to_months(cast(cells.month_number + 1 as int))
        <= cells.as_of_date as is_complete,
        case
            when cells.cohort_month is not null and is_observed
                then cast(coalesce(cohort_months.active_customer_count, 0) as bigint)
        end as active_customer_count,
        case when is_observed then coalesce(cohort_months.net_revenue, 0) end
            as net_revenue

    from cells

    left join cohort_months
        on
            cells.cohort_type = cohort_months.cohort_type
            and cells.cohort_month is not distinct from cohort_months.cohort_month
            and cells.month_number = cohort_months.month_number

),

accumulated as (

    select
        *,
        case
            when is_observed
                then
                    sum(net_revenue) over (
                        partition by cohort_type, cohort_month order by month_number
                    )
        end as cumulative_net_revenue

    from observed

)

select
    cohort_type,
    coalesce(strftime(cohort_month, '%Y-%m'), 'unknown') as cohort,
    cohort_month,
    cast(month_number as int) as month_number,
    customer_count,
    is_observed,
    is_complete,
    active_customer_count,
    active_customer_count / customer_count as retention_rate,
    cast(net_revenue as decimal(18, 2)) as net_revenue,
    cast(cumulative_net_revenue as decimal(18, 2)) as cumulative_net_revenue,
    {{ money_per('cumulative_net_revenue', 'customer_count') }}
        as cumulative_net_revenue_per_customer

from accumulated
