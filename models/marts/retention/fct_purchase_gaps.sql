with

{% if var('as_of_date') is none %}
customer_lifetimes as (

    select * from {{ ref('int_customer_lifetimes') }}

),
{% else %}
customer_days as (

    select * from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

),

{{ customer_lifetime_ctes('customer_days') }},
{% endif %}

gaps as (

    select
        gap_days,
        count(*) as gap_count

    from customer_lifetimes

        lateral view explode(gaps_in_days) as gap_days

    group by gap_days

)

select
    gap_days,
    gap_count,
    sum(gap_count) over (order by gap_days) as cumulative_gap_count,
    sum(gap_count) over (order by gap_days) / sum(gap_count) over ()
        as cumulative_share

from gaps
