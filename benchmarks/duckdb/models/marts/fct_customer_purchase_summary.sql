with

dates as (

    select
        as_of_date,
        as_of_date - {{ var('holdout_days') }} as cut_date

    from {{ ref('int_as_of_date') }}

),

customers as (

    select
        days.customer_id,
        dates.as_of_date,
        dates.cut_date,
        min(days.activity_date) as first_date,
        -- The first purchase day has no gap before it.
        any_value(days.net_amount) filter (days.gap_days is null) as first_amount,
        count(*) as day_count_today,
        max(days.activity_date) as last_date_today,
        sum(days.net_amount) as net_amount_today,
        count(*) filter (days.activity_date < dates.cut_date) as day_count_at_cut,
        max(days.activity_date) filter (days.activity_date < dates.cut_date)
            as last_date_at_cut,
        sum(days.net_amount) filter (days.activity_date < dates.cut_date)
            as net_amount_at_cut

    from {{ ref('int_customer_days') }} as days

    inner join dates on days.activity_date < dates.as_of_date

    where days.net_amount > 0

    group by days.customer_id, dates.as_of_date, dates.cut_date

)

{% for date, is_cut, moment in [
    ('as_of_date', 'false', 'today'), ('cut_date', 'true', 'at_cut')
] -%}
select
    customer_id,
    as_of_date,
    cut_date,
    {{ date }} as fit_date,
    {{ is_cut }} as is_cut,
    cast(day_count_{{ moment }} - 1 as int) as repeat_count,
    cast(last_date_{{ moment }} - first_date as int) as last_purchase_age,
    cast({{ date }} - first_date as int) as customer_age,
    {{ money_per(
        'net_amount_' ~ moment ~ ' - first_amount',
        'nullif(day_count_' ~ moment ~ ' - 1, 0)',
    ) }} as mean_repeat_value

from customers

where day_count_{{ moment }} > 0
{{ '\nunion all\n\n' if not loop.last }}
{%- endfor %}
