with

months as (

    select
        *,
        -- The last month that is over; in the very first month, that one.
        rank() over (order by is_complete desc, period_start_date desc) as recency

    from insights.rpt_executive_summary

)

select
    metric,
    metric_description,
    unit,
    period_start_date,
    is_complete,
    metric_value,
    previous_value,
    change,
    change_rate

from months

where recency = 1

order by
    array_position(
        array(
            'net_revenue', 'active_customers', 'new_customers', 'returning_customers',
            'average_value', 'retention_rate', 'returns_rate', 'customers',
            'known_customers'
        ),
        metric
    )
