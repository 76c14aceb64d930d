with

history as (

    select min(calendar_date) as first_date

    from marts.fct_daily_sales

),

months as (

    select
        *,
        -- The last month that is over; in the very first month, that one.
        rank() over (order by is_complete desc, period_start_date desc) as recency

    from insights.rpt_executive_summary

)

select
    months.metric,
    months.metric_description,
    months.unit,
    months.period_start_date,
    months.is_complete,
    months.metric_value,
    months.previous_value,
    months.change,
    months.change_rate,
    -- Where the history begins within the month before: a part is compared then.
    if(
        history.first_date > add_months(months.period_start_date, -1)
        and history.first_date < months.period_start_date,
        history.first_date,
        null
    ) as first_date_of_previous_month

from months

cross join history

where months.recency = 1

order by
    array_position(
        array(
            'net_revenue', 'active_customers', 'new_customers', 'returning_customers',
            'average_value', 'retention_rate', 'returns_rate', 'customers',
            'known_customers'
        ),
        months.metric
    )
