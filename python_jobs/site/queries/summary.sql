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

from insights.rpt_executive_summary

-- The last month that is over; in the very first month, that one.
where
    period_start_date = (
        select
            coalesce(
                max(period_start_date) filter (where is_complete), max(period_start_date)
            )
        from insights.rpt_executive_summary
    )

order by
    array_position(
        array(
            'net_revenue', 'active_customers', 'new_customers', 'returning_customers',
            'average_value', 'retention_rate', 'returns_rate', 'customers',
            'known_customers'
        ),
        metric
    )
