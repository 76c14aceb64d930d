with

buyers as (

    select
        *,
        nullif(
            night_line_count
            + morning_line_count
            + afternoon_line_count
            + evening_line_count,
            0
        ) as timed_line_count

    from {{ ref('dim_customers') }}

    where purchase_day_count > 0

),

line_counts as (

    select
        customer_id,
        {%- for attribute in ['product_category', 'payment_method'] %}
        list(attribute_value) filter (attribute = '{{ attribute }}')
            as {{ attribute }}_values,
        list(purchase_line_count) filter (attribute = '{{ attribute }}')
            as {{ attribute }}_counts,
        sum(purchase_line_count) filter (attribute = '{{ attribute }}')
            as {{ attribute }}_line_count
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ ref('fct_customer_preferences') }}

    where
        purchase_line_count > 0
        and attribute_value != 'unknown'

    group by customer_id

)

select
    buyers.customer_id,
    buyers.as_of_date,
    buyers.recency_days,
    cast(buyers.purchase_day_count as int) as frequency,
    buyers.net_revenue as monetary,
    buyers.average_basket,
    cast(buyers.as_of_date - buyers.first_purchase_date as int)
        as days_since_first_purchase,
    buyers.mean_gap_days,
    buyers.returned_revenue / buyers.gross_revenue as returns_rate,
    buyers.transaction_count / buyers.purchase_day_count as lines_per_purchase_day,
    nullif(buyers.distinct_category_count, 0) as distinct_category_count,
    buyers.weekend_purchase_day_count / buyers.purchase_day_count as weekend_share,
    buyers.night_line_count / buyers.timed_line_count as night_share,
    buyers.morning_line_count / buyers.timed_line_count as morning_share,
    buyers.afternoon_line_count / buyers.timed_line_count as afternoon_share,
    buyers.evening_line_count / buyers.timed_line_count as evening_share,
    {%- for attribute, shares in [
        ('product_category', 'category_shares'),
        ('payment_method', 'payment_shares'),
    ] %}
    map(
        coalesce(line_counts.{{ attribute }}_values, []),
        coalesce(
            list_transform(
                line_counts.{{ attribute }}_counts,
                lambda line_count: line_count / line_counts.{{ attribute }}_line_count
            ),
            []
        )
    ) as {{ shares }},
    {%- endfor %}
    buyers.age,
    buyers.gender,
    buyers.location,
    buyers.membership_level

from buyers

left join line_counts on buyers.customer_id = line_counts.customer_id
