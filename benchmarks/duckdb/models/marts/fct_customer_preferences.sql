{%- set attributes = ['product_category', 'payment_method'] -%}
with

{% for attribute in attributes -%}
{{ attribute }}_days as (

    select
        customer_id,
        {{ attribute }},
        count(*) as line_count,
        count(*) filter (amount > 0) as purchase_line_count,
        sum(amount) as net_amount

    from {{ ref('stg_transactions') }}

    where transacted_date < {{ as_of_date() }}

    group by customer_id, {{ attribute }}, transacted_date

){{ ',\n\n' if not loop.last }}
{%- endfor %}

{% for attribute in attributes -%}
select
    customer_id,
    '{{ attribute }}' as attribute,
    {{ attribute }} as attribute_value,
    cast(sum(line_count) as bigint) as line_count,
    cast(sum(purchase_line_count) as bigint) as purchase_line_count,
    count(*) filter (net_amount > 0) as purchase_day_count,
    cast(sum(net_amount) as decimal(18, 2)) as net_revenue

from {{ attribute }}_days

group by customer_id, {{ attribute }}
{{ '\nunion all\n\n' if not loop.last }}
{%- endfor %}
