with

history as (

    select
        first_transaction_date,
        as_of_date

    from {{ ref('int_as_of_date') }}

    where as_of_date is not null

),

calendar as (

    select calendar_date

    from history

        lateral view explode(
            sequence(first_transaction_date, date_sub(as_of_date, 1), interval 1 day)
        ) as calendar_date

),

sales as (

    select * from {{ ref('int_daily_sales') }}

    where attribute = 'day'

),

filled as (

    select
        calendar.calendar_date,
        coalesce(sales.purchase_day_count, 0) as customer_count,
        coalesce(sales.transaction_count, 0) as transaction_count,
        coalesce(sales.return_count, 0) as return_count,
        cast(coalesce(sales.gross_revenue, 0) as decimal(18, 2)) as gross_revenue,
        cast(coalesce(sales.returned_revenue, 0) as decimal(18, 2))
            as returned_revenue,
        cast(coalesce(sales.net_revenue, 0) as decimal(18, 2)) as net_revenue

    from calendar

    left join sales on calendar.calendar_date = sales.activity_date

),

averaged as (

    select
        *,
        avg(net_revenue) over last_week as average_of_last_week,
        count(*) over last_week as day_count

    from filled

    window last_week as (
        order by calendar_date rows between 6 preceding and current row
    )

)

select
    calendar_date,
    customer_count,
    transaction_count,
    return_count,
    gross_revenue,
    returned_revenue,
    net_revenue,
    cast(if(day_count = 7, average_of_last_week, null) as decimal(18, 2))
        as net_revenue_7_day_mean

from averaged
