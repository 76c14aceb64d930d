with

customers as (

    select
        customer_rfm.customer_id,
        customer_rfm.segment,
        dim_customers.transaction_count

    from {{ ref('fct_customer_rfm') }} as customer_rfm

    inner join {{ ref('dim_customers') }} as dim_customers
        on customer_rfm.customer_id = dim_customers.customer_id

),

-- A customer with no line of a value has a share of 0 in it: sums over those who have
-- one are sums over all.
by_segment as (

    select
        customers.segment,
        preferences.attribute,
        preferences.attribute_value,
        count(*) filter (preferences.purchase_line_count > 0) as customer_count,
        cast(sum(preferences.purchase_line_count) as bigint) as transaction_count,
        cast(sum(preferences.net_revenue) as decimal(18, 2)) as net_revenue,
        sum(
            preferences.purchase_line_count / nullif(customers.transaction_count, 0)
        ) as share_sum,
        sum(
            pow(
                preferences.purchase_line_count
                / nullif(customers.transaction_count, 0),
                2
            )
        ) as squared_share_sum

    from {{ ref('fct_customer_preferences') }} as preferences

    inner join customers on preferences.customer_id = customers.customer_id

    group by customers.segment, preferences.attribute, preferences.attribute_value

),

segments as (

    select
        segment,
        count(*) filter (transaction_count > 0) as base_customer_count

    from customers

    group by segment

),

attribute_values as (

    select
        attribute,
        attribute_value,
        coalesce(sum(share_sum), 0) as share_sum

    from by_segment

    group by attribute, attribute_value

),

population as (

    select sum(base_customer_count) as base_customer_count from segments

),

-- Every segment with every value: that nobody buys it is an answer too.
filled as (

    select
        segments.segment,
        attribute_values.attribute,
        attribute_values.attribute_value,
        segments.base_customer_count,
        coalesce(by_segment.customer_count, 0) as customer_count,
        coalesce(by_segment.transaction_count, 0) as transaction_count,
        coalesce(by_segment.net_revenue, 0) as net_revenue,
        coalesce(by_segment.share_sum, 0) as share_sum,
        coalesce(by_segment.squared_share_sum, 0) as squared_share_sum,
        coalesce(by_segment.share_sum, 0) / nullif(segments.base_customer_count, 0)
            as average_share,
        attribute_values.share_sum / nullif(population.base_customer_count, 0)
            as population_average_share

    from segments

    cross join attribute_values

    cross join population

    left join by_segment
        on
            segments.segment = by_segment.segment
            and attribute_values.attribute = by_segment.attribute
            and attribute_values.attribute_value = by_segment.attribute_value

)

select
    *,
    100 * average_share / nullif(population_average_share, 0) as preference_index

from filled
