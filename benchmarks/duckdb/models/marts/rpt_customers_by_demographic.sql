{%- set attributes = ['age_band', 'gender', 'location', 'membership_level'] -%}
with

by_value as (

    {% for attribute in attributes -%}
    select
        '{{ attribute }}' as attribute,
        {{ attribute }} as attribute_value,
        count(*) as customer_count,
        count(*) filter (purchase_day_count > 0) as buyer_count,
        cast(sum(purchase_day_count) as bigint) as purchase_day_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue

    from {{ ref('dim_customers') }}

    group by {{ attribute }}
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

)

select
    attribute,
    attribute_value,
    customer_count,
    buyer_count,
    purchase_day_count,
    net_revenue,
    {{ money_per('net_revenue', 'nullif(buyer_count, 0)') }} as average_value,
    {{ money_per('net_revenue', 'nullif(purchase_day_count, 0)') }} as average_basket,
    customer_count / sum(customer_count) over attributes as share_of_customers,
    net_revenue / nullif(sum(net_revenue) over attributes, 0) as share_of_revenue

from by_value

window attributes as (partition by attribute)
