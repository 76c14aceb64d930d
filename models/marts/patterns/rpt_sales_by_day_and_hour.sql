with

sales as (

    select
        customer_id,
        transacted_date as activity_date,
        weekday(transacted_date) + 1 as day_of_week,
        coalesce(lpad(transacted_hour, 2, '0'), 'unknown') as hour_of_day,
        cast(amount > 0 as bigint) as purchase_line_count,
        amount as net_amount

    from {{ ref('fct_transactions') }}

),

{{ sales_ctes('sales', ['day_of_week', 'hour_of_day']) }}

select * from sales_totals
