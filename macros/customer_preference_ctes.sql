{% macro customer_preference_ctes(transactions) -%}
-- All lines of a customer in one place: the steps below need no further shuffle.
lines_by_customer as (

    select * from {{ transactions }}

    distribute by customer_id

),

attribute_lines as (

    select
        customer_id,
        transacted_date,
        amount,
        _changed_batch_id,
        attribute,
        attribute_value

    from lines_by_customer

        lateral view stack(
            2,
            'product_category', product_category,
            'payment_method', payment_method
        ) as attribute, attribute_value

),

attribute_days as (

    select
        customer_id,
        attribute,
        attribute_value,
        transacted_date,
        count(*) as line_count,
        count_if(amount > 0) as purchase_line_count,
        sum(amount) as net_amount,
        max(_changed_batch_id) as _changed_batch_id

    from attribute_lines

    group by customer_id, attribute, attribute_value, transacted_date

),

customer_preferences as (

    select
        customer_id,
        attribute,
        attribute_value,
        sum(line_count) as line_count,
        sum(purchase_line_count) as purchase_line_count,
        count_if(net_amount > 0) as purchase_day_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        max(_changed_batch_id) as _changed_batch_id

    from attribute_days

    group by customer_id, attribute, attribute_value

)
{%- endmacro %}
