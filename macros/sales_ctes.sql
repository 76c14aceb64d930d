{% macro sales_ctes(sales, keys) -%}
as_of as (

    select as_of_date from {{ ref('int_as_of_date') }}

),

-- All lines of a customer in one place: each step below then needs no further shuffle.
sales_by_customer_day as (

    select
        {{ keys | join(',\n        ') }},
        customer_id,
        activity_date,
        sum(purchase_line_count) as purchase_line_count,
        sum(net_amount) as net_amount

    from (select * from {{ sales }} distribute by customer_id)

    group by {{ keys | join(', ') }}, customer_id, activity_date

),

sales_by_customer as (

    select
        {{ keys | join(',\n        ') }},
        customer_id,
        count_if(net_amount > 0) as purchase_day_count,
        sum(purchase_line_count) as transaction_count,
        sum(net_amount) as net_revenue,
        sum(net_amount) filter (
            where activity_date >= date_sub(as_of_date, {{ var('period_days') }})
        ) as last_period_net_revenue,
        sum(net_amount) filter (
            where
            activity_date >= date_sub(as_of_date, 2 * {{ var('period_days') }})
            and activity_date < date_sub(as_of_date, {{ var('period_days') }})
        ) as preceding_period_net_revenue

    from sales_by_customer_day

    cross join as_of

    group by {{ keys | join(', ') }}, customer_id

),

sales_totals as (

    select
        {{ keys | join(',\n        ') }},
        sum(transaction_count) as transaction_count,
        count_if(purchase_day_count > 0) as customer_count,
        sum(purchase_day_count) as purchase_day_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue,
        cast(
            sum(net_revenue) / nullif(sum(purchase_day_count), 0) as decimal(18, 2)
        ) as average_basket,
        cast(sum(net_revenue) as double)
        / nullif(sum(sum(net_revenue)) over (), 0) as share_of_revenue,
        cast(coalesce(sum(last_period_net_revenue), 0) as decimal(18, 2))
            as last_period_net_revenue,
        cast(coalesce(sum(preceding_period_net_revenue), 0) as decimal(18, 2))
            as preceding_period_net_revenue

    from sales_by_customer

    group by {{ keys | join(', ') }}

)
{%- endmacro %}
