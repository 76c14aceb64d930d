-- How did the last full month compare with the month before, and where does each number
-- come from?
with

ranked as (

    select
        *,
        row_number() over (
            partition by metric order by period_start_date desc
        ) as months_back

    from insights.rpt_executive_summary

    where is_complete

)

select
    metric,
    unit,
    metric_value,
    previous_value,
    change_rate,
    source_query

from ranked

where months_back = 1

order by metric
