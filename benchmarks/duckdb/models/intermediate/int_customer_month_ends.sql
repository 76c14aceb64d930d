with

history as (

    select
        cast(date_trunc('month', first_transaction_date) as date)
            as first_month_start_date,
        date_diff('month', first_transaction_date, last_transaction_date)
            as last_month_number

    from {{ ref('int_as_of_date') }}

),

movements as (

    select
        days.customer_id,
        date_diff('month', history.first_month_start_date, days.activity_date)
            as month_number,
        history.last_month_number,
        count(*) filter (days.net_amount > 0) as purchase_day_count,
        max(days.activity_date) filter (days.net_amount > 0) as last_purchase_date,
        sum(days.net_amount) as net_revenue,
        max(days._changed_batch_id) as _changed_batch_id

    from {{ ref('int_customer_days') }} as days

    cross join history

    group by days.customer_id, month_number, history.last_month_number

),

balances as (

    select
        customer_id,
        month_number,
        last_month_number,
        cast(sum(purchase_day_count) over months as int) as frequency,
        cast(sum(net_revenue) over months as decimal(18, 2)) as monetary,
        max(last_purchase_date) over months as last_purchase_date,
        max(_changed_batch_id) over months as _changed_batch_id,
        lead(month_number) over months as next_month_number

    from movements

    window months as (partition by customer_id order by month_number)

),

openings as (

    select
        *,
        lag(frequency) over months as opening_frequency,
        lag(monetary) over months as opening_monetary,
        lag(last_purchase_date) over months as opening_last_purchase_date

    from balances

    window months as (partition by customer_id order by month_number)

),

-- A balance stays until the month of the next movement.
month_ends as (

    select
        *,
        unnest(range(month_number, coalesce(next_month_number, last_month_number + 1)))
            as carried_month_number

    from openings

),

months as (

    select
        unnest(range(last_month_number + 1)) as month_number,
        first_month_start_date

    from history

),

month_dates as (

    select
        month_number,
        last_day(first_month_start_date + to_months(cast(month_number as int)))
            as month_end_date

    from months

)

select
    month_dates.month_end_date,
    month_ends.customer_id,
    month_ends.frequency,
    month_ends.monetary,
    month_ends.last_purchase_date,
    case
        when month_ends.carried_month_number = month_ends.month_number
            then month_ends.opening_frequency
        else month_ends.frequency
    end as opening_frequency,
    case
        when month_ends.carried_month_number = month_ends.month_number
            then month_ends.opening_monetary
        else month_ends.monetary
    end as opening_monetary,
    case
        when month_ends.carried_month_number = month_ends.month_number
            then month_ends.opening_last_purchase_date
        else month_ends.last_purchase_date
    end as opening_last_purchase_date,
    month_ends._changed_batch_id

from month_ends

inner join month_dates
    on month_ends.carried_month_number = month_dates.month_number

where month_dates.month_end_date < {{ as_of_date() }}
