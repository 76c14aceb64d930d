with

customers as (

    select * from {{ ref('dim_customers') }}

),

by_attribute as (

    select
        attribute,
        attribute_value,
        purchase_day_count,
        net_revenue

    from customers

        lateral view stack(
            4,
            'age_band', age_band,
            'gender', gender,
            'location', location,
            'membership_level', membership_level
        ) as attribute, attribute_value

),

by_value as (

    select
        attribute,
        attribute_value,
        count(*) as customer_count,
        count_if(purchase_day_count > 0) as buyer_count,
        sum(purchase_day_count) as purchase_day_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue

    from by_attribute

    group by attribute, attribute_value

)

select
    attribute,
    attribute_value,
    customer_count,
    buyer_count,
    purchase_day_count,
    net_revenue,
    cast(net_revenue / nullif(buyer_count, 0) as decimal(18, 2)) as average_value,
    cast(net_revenue / nullif(purchase_day_count, 0) as decimal(18, 2))
        as average_basket,
    customer_count / sum(customer_count) over (partition by attribute)
        as share_of_customers,
    cast(net_revenue as double)
    / nullif(sum(net_revenue) over (partition by attribute), 0) as share_of_revenue

from by_value
