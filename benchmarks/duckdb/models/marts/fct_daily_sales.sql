with

calendar as (

    select
        cast(unnest(generate_series(
            first_transaction_date, as_of_date - 1, interval 1 day
        )) as date) as calendar_date

    from {{ ref('int_as_of_date') }}

),

sales as (

    select
        activity_date,
        count(*) filter (net_amount > 0) as customer_count,
        sum(purchase_line_count) as transaction_count,
        sum(return_line_count) as return_count,
        sum(gross_amount) as gross_revenue,
        sum(net_amount) as net_revenue

    from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

    group by activity_date

)

select
    calendar.calendar_date,
    coalesce(sales.customer_count, 0) as customer_count,
    cast(coalesce(sales.transaction_count, 0) as bigint) as transaction_count,
    cast(coalesce(sales.return_count, 0) as bigint) as return_count,
    cast(coalesce(sales.gross_revenue, 0) as decimal(18, 2)) as gross_revenue,
    cast(coalesce(sales.gross_revenue - sales.net_revenue, 0) as decimal(18, 2))
        as returned_revenue,
    cast(coalesce(sales.net_revenue, 0) as decimal(18, 2)) as net_revenue,
    case
        when count(*) over last_week = 7
            then
                {{ money_per('sum(coalesce(sales.net_revenue, 0)) over last_week', 7) }}
    end as net_revenue_7_day_mean

from calendar

left join sales on calendar.calendar_date = sales.activity_date

window last_week as (
    order by calendar.calendar_date rows between 6 preceding and current row
)
