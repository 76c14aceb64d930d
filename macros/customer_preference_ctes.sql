{% macro customer_preference_ctes(transactions) -%}
attribute_lines as (

    select
        customer_id,
        amount,
        _changed_batch_id,
        attribute,
        attribute_value

    from {{ transactions }}

        lateral view stack(
            2,
            'product_category', product_category,
            'payment_method', payment_method
        ) as attribute, attribute_value

),

customer_preferences as (

    select
        customer_id,
        attribute,
        attribute_value,
        count(*) as line_count,
        count_if(amount > 0) as purchase_line_count,
        cast(sum(amount) as decimal(18, 2)) as net_amount,
        max(_changed_batch_id) as _changed_batch_id

    from attribute_lines

    group by customer_id, attribute, attribute_value

)
{%- endmacro %}
