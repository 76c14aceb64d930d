with

buyers as (

    select * from {{ ref('dim_customers') }}

    where purchase_day_count > 0

),

preferences as (

    select
        customer_id,
        attribute,
        attribute_value,
        purchase_line_count

    from {{ ref('fct_customer_preferences') }}

    where purchase_line_count > 0

),

known_preferences as (

    select
        *,
        attribute_value != 'unknown' and attribute = 'product_category'
            as is_known_category,
        attribute_value != 'unknown' and attribute = 'payment_method'
            as is_known_payment

    from preferences

),

line_counts as (

    select
        customer_id,
        map_from_entries(sort_array(
            collect_list(struct(attribute_value, purchase_line_count))
            filter (where is_known_category)
        )) as category_line_counts,
        map_from_entries(sort_array(
            collect_list(struct(attribute_value, purchase_line_count))
            filter (where is_known_payment)
        )) as payment_line_counts,
        sum(purchase_line_count) filter (where is_known_category)
            as category_line_count,
        sum(purchase_line_count) filter (where is_known_payment) as payment_line_count

    from known_preferences

    group by customer_id

),

timed as (

    select
        *,
        nullif(
            night_line_count
            + morning_line_count
            + afternoon_line_count
            + evening_line_count,
            0
        ) as timed_line_count

    from buyers

)

select
    timed.customer_id,
    timed.as_of_date,
    timed.recency_days,
    cast(timed.purchase_day_count as int) as frequency,
    timed.net_revenue as monetary,
    timed.average_basket,
    datediff(timed.as_of_date, timed.first_purchase_date) as days_since_first_purchase,
    timed.mean_gap_days,
    cast(timed.returned_revenue as double) / timed.gross_revenue as returns_rate,
    timed.transaction_count / timed.purchase_day_count as lines_per_purchase_day,
    -- Without a known category there is no number of them.
    nullif(timed.distinct_category_count, 0) as distinct_category_count,
    timed.weekend_purchase_day_count / timed.purchase_day_count as weekend_share,
    timed.night_line_count / timed.timed_line_count as night_share,
    timed.morning_line_count / timed.timed_line_count as morning_share,
    timed.afternoon_line_count / timed.timed_line_count as afternoon_share,
    timed.evening_line_count / timed.timed_line_count as evening_share,
    {{ shares_of('category_line_counts', 'category_line_count') }} as category_shares,
    {{ shares_of('payment_line_counts', 'payment_line_count') }} as payment_shares,
    timed.age,
    timed.gender,
    timed.location,
    timed.membership_level

from timed

left join line_counts on timed.customer_id = line_counts.customer_id
