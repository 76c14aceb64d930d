-- Purchase days by weekday and hours: what does not add up over lines. There are far
-- fewer sets of hours than days.
with

hour_sets as (

    select
        isodow(activity_date) as day_of_week,
        purchase_hours,
        count(*) as day_count

    from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

    group by all

),

hours as (

    select
        cast(range as int) as hour_bit,
        if(range = 24, 'unknown', lpad(cast(range as varchar), 2, '0')) as hour_of_day

    from range(25)

)

select
    hour_sets.day_of_week,
    hours.hour_of_day,
    sum(hour_sets.day_count) as purchase_day_count

from hour_sets

inner join hours on hour_sets.purchase_hours & (1 << hours.hour_bit) != 0

group by hour_sets.day_of_week, hours.hour_of_day
