with

as_of as (

    select as_of_date from {{ ref('int_as_of_date') }}

),

daily_sales as (

    select daily_sales.*

    from {{ ref('int_daily_sales') }} as daily_sales

    inner join as_of on daily_sales.activity_date < as_of.as_of_date

),

-- What a day is, is known from its date: its sales count for more than one attribute.
slices as (

    select
        activity_date,
        transaction_count,
        purchase_day_count,
        net_revenue,
        slice,
        slice_value

    from daily_sales

        lateral view explode(
            case attribute
                when 'day'
                    then map(
                        'day_of_week',
                        cast(weekday(activity_date) + 1 as string),
                        'day_type',
                        if(weekday(activity_date) >= 5, 'weekend', 'weekday')
                    )
                when 'hour_of_day'
                    then map(
                        'hour_of_day',
                        attribute_value,
                        'day_and_hour',
                        concat(weekday(activity_date) + 1, ' ', attribute_value)
                    )
                else map(attribute, attribute_value)
            end
        ) as slice, slice_value

),

sales as (

    select
        slices.slice as attribute,
        slices.slice_value as attribute_value,
        sum(slices.transaction_count) as transaction_count,
        sum(slices.purchase_day_count) as purchase_day_count,
        cast(sum(slices.net_revenue) as decimal(18, 2)) as net_revenue,
        cast(coalesce(sum(slices.net_revenue) filter (
            where
            slices.activity_date
            >= date_sub(as_of.as_of_date, {{ var('period_days') }})
        ), 0) as decimal(18, 2)) as last_period_net_revenue,
        cast(coalesce(sum(slices.net_revenue) filter (
            where
            slices.activity_date
            >= date_sub(as_of.as_of_date, 2 * {{ var('period_days') }})
            and slices.activity_date
            < date_sub(as_of.as_of_date, {{ var('period_days') }})
        ), 0) as decimal(18, 2)) as preceding_period_net_revenue

    from slices

    cross join as_of

    group by slices.slice, slices.slice_value

)

select
    sales.attribute,
    sales.attribute_value,
    sales.transaction_count,
    coalesce(buyers.customer_count, 0) as customer_count,
    sales.purchase_day_count,
    sales.net_revenue,
    cast(
        sales.net_revenue / nullif(sales.purchase_day_count, 0) as decimal(18, 2)
    ) as average_basket,
    cast(sales.net_revenue as double)
    / nullif(sum(sales.net_revenue) over (partition by sales.attribute), 0)
        as share_of_revenue,
    sales.last_period_net_revenue,
    sales.preceding_period_net_revenue

from sales

left join {{ ref('fct_buyers_by_attribute') }} as buyers
    on
        sales.attribute = buyers.attribute
        and sales.attribute_value = buyers.attribute_value
