with

{{ customer_lifetimes_as_of_ctes() }},

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
