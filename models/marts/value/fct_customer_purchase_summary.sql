-- What the models of customer value are fitted to. Never anything that a fit has made.

with

dates as (

    select
        as_of_date,
        date_sub(as_of_date, {{ var('holdout_days') }}) as cut_date

    from {{ ref('int_as_of_date') }}

),

purchase_days as (

    select
        customer_days.customer_id,
        customer_days.activity_date,
        customer_days.net_amount,
        dates.as_of_date,
        dates.cut_date

    from {{ ref('int_customer_days') }} as customer_days

    inner join dates on customer_days.activity_date < dates.as_of_date

    where customer_days.net_amount > 0

),

customers as (

    select
        customer_id,
        as_of_date,
        cut_date,
        min(activity_date) as first_date,
        min_by(net_amount, activity_date) as first_amount,
        count(*) as day_count_today,
        max(activity_date) as last_date_today,
        sum(net_amount) as net_amount_today,
        count_if(activity_date < cut_date) as day_count_at_cut,
        max(activity_date) filter (where activity_date < cut_date)
            as last_date_at_cut,
        sum(net_amount) filter (where activity_date < cut_date) as net_amount_at_cut

    from purchase_days

    group by customer_id, as_of_date, cut_date

),

-- The first day is the same at both dates.
histories as (

    select
        customer_id,
        as_of_date,
        cut_date,
        fit_date,
        is_cut,
        first_date,
        first_amount,
        day_count,
        last_date,
        net_amount

    from customers

        lateral view stack(
            2,
            as_of_date, false, day_count_today, last_date_today, net_amount_today,
            cut_date, true, day_count_at_cut, last_date_at_cut, net_amount_at_cut
        ) as fit_date, is_cut, day_count, last_date, net_amount

)

select
    customer_id,
    as_of_date,
    cut_date,
    fit_date,
    is_cut,
    cast(day_count - 1 as int) as repeat_count,
    datediff(last_date, first_date) as last_purchase_age,
    datediff(fit_date, first_date) as customer_age,
    cast((net_amount - first_amount) / nullif(day_count - 1, 0) as decimal(18, 2))
        as mean_repeat_value

from histories

where day_count > 0
