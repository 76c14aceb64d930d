with

gaps as (

    select
        gap_days,
        count(*) as gap_count

    from {{ ref('int_customer_days') }}

    where
        gap_days is not null
        and activity_date < {{ as_of_date() }}

    group by gap_days

)

select
    gap_days,
    gap_count,
    cast(sum(gap_count) over gaps_up_to_this as bigint) as cumulative_gap_count,
    sum(gap_count) over gaps_up_to_this / sum(gap_count) over () as cumulative_share

from gaps

window gaps_up_to_this as (order by gap_days)
