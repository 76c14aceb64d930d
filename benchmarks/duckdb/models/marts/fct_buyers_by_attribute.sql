{{ config(materialized='view') }}

with

hours as (

    select
        cast(range as int) as hour_bit,
        if(range = 24, 'unknown', lpad(cast(range as varchar), 2, '0')) as hour_of_day

    from range(25)

),

-- The hours of each weekday in which a customer has ever bought: there are far fewer
-- different ones than customers.
day_sets as (

    select
        purchase_weekday_hours,
        count(*) as customer_count

    from {{ ref('int_customer_lifetimes') }}

    group by purchase_weekday_hours

),

-- The weekdays on which a customer has ever bought.
weekday_sets as (

    select
        purchase_weekdays,
        count(*) as customer_count

    from {{ ref('int_customer_lifetimes') }}

    group by purchase_weekdays

),

by_day_of_week as (

    select
        'day_of_week' as attribute,
        cast(days.day_of_week as varchar) as attribute_value,
        sum(weekday_sets.customer_count) as customer_count

    from weekday_sets

    inner join (select unnest([1, 2, 3, 4, 5, 6, 7]) as day_of_week) as days
        on weekday_sets.purchase_weekdays & (1 << days.day_of_week) != 0

    group by days.day_of_week

),

by_day_type as (

    select
        'day_type' as attribute,
        day_types.day_type as attribute_value,
        sum(weekday_sets.customer_count) as customer_count

    from weekday_sets

    inner join (values ('weekday', 62), ('weekend', 192)) as day_types (day_type, days)
        on weekday_sets.purchase_weekdays & day_types.days != 0

    group by day_types.day_type

),

by_day_and_hour as (

    {% for day in range(1, 8) -%}
    select
        'day_and_hour' as attribute,
        concat({{ day }}, ' ', hours.hour_of_day) as attribute_value,
        sum(day_sets.customer_count) as customer_count

    from day_sets

    inner join hours
        on day_sets.purchase_weekday_hours[{{ day }}] & (1 << hours.hour_bit) != 0

    group by hours.hour_of_day
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

hour_sets as (

    select
        {% for day in range(1, 8) -%}
        purchase_weekday_hours[{{ day }}] {{ '| ' if not loop.last }}
        {%- endfor %} as purchase_hours,
        sum(customer_count) as customer_count

    from day_sets

    group by purchase_hours

),

by_hour_of_day as (

    select
        'hour_of_day' as attribute,
        hours.hour_of_day as attribute_value,
        sum(hour_sets.customer_count) as customer_count

    from hour_sets

    inner join hours on hour_sets.purchase_hours & (1 << hours.hour_bit) != 0

    group by hours.hour_of_day

),

by_preference as (

    select
        attribute,
        attribute_value,
        count(*) as customer_count

    from {{ ref('fct_customer_preferences') }}

    where purchase_day_count > 0

    group by attribute, attribute_value

),

buyers as (

    select * from by_preference
    union all
    select * from by_day_of_week
    union all
    select * from by_day_type
    union all
    select * from by_hour_of_day
    union all
    select * from by_day_and_hour

)

select
    attribute,
    attribute_value,
    cast(customer_count as bigint) as customer_count

from buyers
