{{ config(materialized='view') }}

with

{{ customer_lifetimes_as_of_ctes() }},

-- Bit sets: the weekdays, and the hours of each, in which a customer has ever bought.
-- There are far fewer different ones than customers.
weekday_sets as (

    select
        purchase_weekdays,
        count(*) as customer_count

    from customer_lifetimes

    group by purchase_weekdays

),

weekday_hours as (

    select
        weekday,
        hours

    from customer_lifetimes

        lateral view posexplode(purchase_weekday_hours) as weekday, hours

    where hours != 0

),

weekday_hour_sets as (

    select
        weekday,
        hours,
        count(*) as customer_count

    from weekday_hours

    group by weekday, hours

),

hour_sets as (

    select
        purchase_hours as hours,
        count(*) as customer_count

    from customer_lifetimes

    group by purchase_hours

),

-- Bit 0 is Monday.
by_day_of_week as (

    select
        'day_of_week' as attribute,
        cast(weekday + 1 as string) as attribute_value,
        sum(customer_count) as customer_count

    from weekday_sets

        lateral view explode(sequence(0, 6)) as weekday

    where purchase_weekdays & shiftleft(1, weekday) != 0

    group by weekday

),

by_day_type as (

    select
        'day_type' as attribute,
        day_type as attribute_value,
        sum(customer_count) as customer_count

    from weekday_sets

        lateral view stack(2, 'weekday', 31, 'weekend', 96) as day_type, weekdays

    where purchase_weekdays & weekdays != 0

    group by day_type

),

-- Bit h is hour h, bit 24 an unknown hour.
by_hour_of_day as (

    select
        'hour_of_day' as attribute,
        if(hour_bit = 24, 'unknown', lpad(hour_bit, 2, '0')) as attribute_value,
        sum(customer_count) as customer_count

    from hour_sets

        lateral view explode(sequence(0, 24)) as hour_bit

    where hours & shiftleft(1, hour_bit) != 0

    group by hour_bit

),

by_day_and_hour as (

    select
        'day_and_hour' as attribute,
        concat(
            weekday + 1, ' ', if(hour_bit = 24, 'unknown', lpad(hour_bit, 2, '0'))
        ) as attribute_value,
        sum(customer_count) as customer_count

    from weekday_hour_sets

        lateral view explode(sequence(0, 24)) as hour_bit

    where hours & shiftleft(1, hour_bit) != 0

    group by weekday, hour_bit

),

by_preference as (

    select
        attribute,
        attribute_value,
        count(*) as customer_count

    from {{ ref('fct_customer_preferences') }}

    where purchase_day_count > 0

    group by attribute, attribute_value

)

select * from by_preference
union all
select * from by_day_of_week
union all
select * from by_day_type
union all
select * from by_hour_of_day
union all
select * from by_day_and_hour
