-- At each month end the reports by month hold all customers known by then, and all the
-- money of the lines until then.
with

sales as (

    select
        last_day(calendar_date) as month_end_date,
        sum(sum(net_revenue)) over (order by last_day(calendar_date)) as net_revenue

    from {{ ref('fct_daily_sales') }}

    group by last_day(calendar_date)

),

customers as (

    select
        month_end_date,
        count(*) as customer_count,
        sum(monetary) as net_revenue

    from {{ ref('fct_customer_rfm_monthly') }}

    group by month_end_date

),

reports as (

    select
        'rpt_segment_migration' as report,
        month_end_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue

    from {{ ref('rpt_segment_migration') }}

    group by month_end_date

    union all

    select
        'rpt_churn_trend' as report,
        month_end_date,
        sum(customer_count) as customer_count,
        sum(net_revenue) as net_revenue

    from {{ ref('rpt_churn_trend') }}

    group by month_end_date

    union all

    select
        'fct_daily_sales' as report,
        sales.month_end_date,
        customers.customer_count,
        sales.net_revenue

    from sales

    inner join customers on sales.month_end_date = customers.month_end_date

)

select
    reports.report,
    reports.month_end_date,
    reports.customer_count,
    reports.net_revenue,
    customers.customer_count as expected_customer_count,
    customers.net_revenue as expected_net_revenue

from reports

left join customers on reports.month_end_date = customers.month_end_date

where
    reports.customer_count is distinct from customers.customer_count
    or reports.net_revenue is distinct from customers.net_revenue
