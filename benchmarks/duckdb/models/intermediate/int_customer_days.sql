with

customer_hours as (

    select
        customer_id,
        transacted_date as activity_date,
        transacted_hour,
        count(*) as line_count,
        count(*) filter (amount > 0) as purchase_line_count,
        count(*) filter (amount < 0) as return_line_count,
        sum(greatest(amount, 0)) as gross_amount,
        sum(amount) as net_amount,
        max(_changed_batch_id) as _changed_batch_id

    from {{ ref('stg_transactions') }}

    group by customer_id, transacted_date, transacted_hour

),

customer_days as (

    select
        customer_id,
        activity_date,
        cast(sum(line_count) as bigint) as line_count,
        cast(sum(purchase_line_count) as bigint) as purchase_line_count,
        cast(sum(return_line_count) as bigint) as return_line_count,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        cast(sum(if(transacted_hour < 6, purchase_line_count, 0)) as bigint)
            as night_line_count,
        cast(
            sum(if(transacted_hour between 6 and 11, purchase_line_count, 0)) as bigint
        ) as morning_line_count,
        cast(
            sum(if(transacted_hour between 12 and 17, purchase_line_count, 0)) as bigint
        ) as afternoon_line_count,
        cast(sum(if(transacted_hour >= 18, purchase_line_count, 0)) as bigint)
            as evening_line_count,
        -- Bit h is hour h, bit 24 an unknown hour.
        bit_or(if(net_amount > 0, 1 << coalesce(transacted_hour, 24), 0))
            as purchase_hours,
        max(_changed_batch_id) as _changed_batch_id

    from customer_hours

    group by customer_id, activity_date

)

select
    *,
    -- Since the purchase day before; NULL on the first, and where nothing was bought.
    case
        when net_amount > 0
            then
                cast(
                    activity_date - lag(activity_date) over (
                        partition by customer_id, net_amount > 0 order by activity_date
                    ) as int
                )
    end as gap_days

from customer_days
