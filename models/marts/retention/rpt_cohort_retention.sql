with

history as (

    select
        as_of_date,
        cast(trunc(date_sub(as_of_date, 1), 'MM') as date) as last_month_start_date

    from {{ ref('int_as_of_date') }}

    where as_of_date is not null

),

-- A registration still to come at the as-of date is not known yet.
customers as (

    select
        customers.customer_id,
        cast(
            if(
                customers.registration_date < customers.as_of_date,
                trunc(customers.registration_date, 'MM'),
                null
            ) as date
        ) as registration_month,
        cast(trunc(customers.first_purchase_date, 'MM') as date)
            as first_purchase_month

    from {{ ref('dim_customers') }} as customers

),

-- Few pairs stand for all customers: both types of cohort are made of them.
customer_pairs as (

    select
        registration_month,
        first_purchase_month,
        count(*) as customer_count

    from customers

    group by registration_month, first_purchase_month

),

activity_pairs as (

    select
        customers.registration_month,
        customers.first_purchase_month,
        months.month_start_date,
        count_if(months.purchase_day_count > 0) as active_customer_count,
        sum(months.net_revenue) as net_revenue

    from {{ ref('fct_customer_months') }} as months

    inner join customers on months.customer_id = customers.customer_id

    group by
        customers.registration_month,
        customers.first_purchase_month,
        months.month_start_date

),

members as (

    select
        cohort_type,
        cohort_month,
        customer_count

    from customer_pairs

        lateral view stack(
            2,
            'registration', registration_month,
            'first_purchase', first_purchase_month
        ) as cohort_type, cohort_month

),

cohorts as (

    select
        members.cohort_type,
        members.cohort_month,
        sum(members.customer_count) as customer_count,
        coalesce(
            months_between(history.last_month_start_date, members.cohort_month), 0
        ) as last_month_number

    from members

    cross join history

    group by members.cohort_type, members.cohort_month, history.last_month_start_date

),

sized_cohorts as (

    select
        *,
        cast(max(last_month_number) over (partition by cohort_type) as int)
            as cell_count

    from cohorts

),

-- All cohorts get as many cells as the oldest: those in the future are NULL.
cells as (

    select
        cohort_type,
        cohort_month,
        customer_count,
        cast(last_month_number as int) as last_month_number,
        cast(month_number as int) as month_number

    from sized_cohorts

        lateral view explode(
            sequence(0, if(cohort_month is null, 0, cell_count))
        ) as month_number

),

member_months as (

    select
        cohort_type,
        cohort_month,
        month_start_date,
        active_customer_count,
        net_revenue

    from activity_pairs

        lateral view stack(
            2,
            'registration', registration_month,
            'first_purchase', first_purchase_month
        ) as cohort_type, cohort_month

),

activity as (

    select
        cohort_type,
        cohort_month,
        -- Money from before the cohort's month counts in it.
        cast(
            coalesce(greatest(months_between(month_start_date, cohort_month), 0), 0)
            as int
        ) as month_number,
        sum(active_customer_count) filter (where month_start_date >= cohort_month)
            as active_customer_count,
        sum(net_revenue) as net_revenue

    from member_months

    group by all

),

observed as (

    select
        cells.cohort_type,
        cells.cohort_month,
        cells.month_number,
        cells.customer_count,
        cells.month_number <= cells.last_month_number as is_observed,
        case
            when cells.cohort_month is not null
                then
                    add_months(cells.cohort_month, cells.month_number + 1)
                    <= history.as_of_date
        end as is_complete,
        if(
            cells.cohort_month is not null
            and cells.month_number <= cells.last_month_number,
            coalesce(activity.active_customer_count, 0),
            null
        ) as active_customer_count,
        if(
            cells.month_number <= cells.last_month_number,
            coalesce(activity.net_revenue, 0),
            null
        ) as net_revenue

    from cells

    cross join history

    left join activity
        on
            cells.cohort_type = activity.cohort_type
            and cells.cohort_month <=> activity.cohort_month
            and cells.month_number = activity.month_number

),

accumulated as (

    select
        *,
        sum(net_revenue) over (
            partition by cohort_type, cohort_month order by month_number
        ) as cumulative_net_revenue

    from observed

)

select
    cohort_type,
    coalesce(date_format(cohort_month, 'yyyy-MM'), 'unknown') as cohort,
    cohort_month,
    month_number,
    customer_count,
    is_observed,
    is_complete,
    active_customer_count,
    active_customer_count / customer_count as retention_rate,
    cast(net_revenue as decimal(18, 2)) as net_revenue,
    cast(if(is_observed, cumulative_net_revenue, null) as decimal(18, 2))
        as cumulative_net_revenue,
    cast(
        if(is_observed, cumulative_net_revenue, null) / customer_count
        as decimal(18, 2)
    ) as cumulative_net_revenue_per_customer

from accumulated
