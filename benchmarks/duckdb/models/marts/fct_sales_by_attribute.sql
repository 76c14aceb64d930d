{%- set slices = {
    'product_category': 'product_category',
    'payment_method': 'payment_method',
    'day_of_week': 'cast(day_of_week as varchar)',
    'day_type': "if(day_of_week >= 6, 'weekend', 'weekday')",
    'hour_of_day': 'hour_of_day',
    'day_and_hour': "concat(day_of_week, ' ', hour_of_day)",
} -%}
with

daily_sales as (

    select
        isodow(daily_sales.activity_date) as day_of_week,
        coalesce(
            lpad(cast(daily_sales.transacted_hour as varchar), 2, '0'), 'unknown'
        ) as hour_of_day,
        daily_sales.product_category,
        daily_sales.payment_method,
        sum(daily_sales.transaction_count) as transaction_count,
        sum(daily_sales.net_revenue) as net_revenue,
        sum(daily_sales.net_revenue) filter (
            daily_sales.activity_date >= history.as_of_date - {{ var('period_days') }}
        ) as last_period_net_revenue,
        sum(daily_sales.net_revenue) filter (
            daily_sales.activity_date
            >= history.as_of_date - 2 * {{ var('period_days') }}
            and daily_sales.activity_date
            < history.as_of_date - {{ var('period_days') }}
        ) as preceding_period_net_revenue

    from {{ ref('int_daily_sales') }} as daily_sales

    cross join {{ ref('int_as_of_date') }} as history

    group by all

),

sales as (

    {% for slice, slice_value in slices.items() -%}
    select
        '{{ slice }}' as attribute,
        {{ slice_value }} as attribute_value,
        cast(sum(transaction_count) as bigint) as transaction_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue,
        cast(coalesce(sum(last_period_net_revenue), 0) as decimal(18, 2))
            as last_period_net_revenue,
        cast(coalesce(sum(preceding_period_net_revenue), 0) as decimal(18, 2))
            as preceding_period_net_revenue

    from daily_sales

    group by {{ slice_value }}
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

daily_purchases as (

    select
        isodow(activity_date) as day_of_week,
        count(*) filter (net_amount > 0) as purchase_day_count

    from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

    group by isodow(activity_date)

),

purchase_days as (

    select
        attribute,
        attribute_value,
        sum(purchase_day_count) as purchase_day_count

    from {{ ref('fct_customer_preferences') }}

    group by attribute, attribute_value

    {% for slice in ['day_of_week', 'day_type'] -%}
    union all

    select
        '{{ slice }}' as attribute,
        {{ slices[slice] }} as attribute_value,
        sum(purchase_day_count) as purchase_day_count

    from daily_purchases

    group by {{ slices[slice] }}

    {% endfor -%}

    {% for slice in ['hour_of_day', 'day_and_hour'] -%}
    union all

    select
        '{{ slice }}' as attribute,
        {{ slices[slice] }} as attribute_value,
        sum(purchase_day_count) as purchase_day_count

    from {{ ref('int_purchase_slices') }}

    group by {{ slices[slice] }}
    {{- '\n\n    ' if not loop.last }}
    {%- endfor %}

)

select
    sales.attribute,
    sales.attribute_value,
    sales.transaction_count,
    coalesce(buyers.customer_count, 0) as customer_count,
    cast(coalesce(purchase_days.purchase_day_count, 0) as bigint) as purchase_day_count,
    sales.net_revenue,
    {{ money_per('sales.net_revenue', 'nullif(purchase_days.purchase_day_count, 0)') }}
        as average_basket,
    sales.net_revenue
    / nullif(sum(sales.net_revenue) over (partition by sales.attribute), 0)
        as share_of_revenue,
    sales.last_period_net_revenue,
    sales.preceding_period_net_revenue

from sales

left join purchase_days
    on
        sales.attribute = purchase_days.attribute
        and sales.attribute_value = purchase_days.attribute_value

left join {{ ref('fct_buyers_by_attribute') }} as buyers
    on
        sales.attribute = buyers.attribute
        and sales.attribute_value = buyers.attribute_value
