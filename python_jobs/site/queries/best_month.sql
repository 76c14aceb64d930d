-- A month in which the history begins is not a whole one.
with

history as (

    select min(calendar_date) as first_date

    from marts.fct_daily_sales

)

select
    months.period_start_date,
    months.metric_value as net_revenue

from insights.rpt_executive_summary as months

inner join history on months.period_start_date >= history.first_date

where
    months.metric = 'net_revenue'
    and months.is_complete

order by months.metric_value desc, months.period_start_date asc

limit 1
