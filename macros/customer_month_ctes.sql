{% macro customer_month_ctes(customer_days) -%}
customer_months as (

    select
        customer_id,
        cast(trunc(activity_date, 'MM') as date) as month_start_date,
        count_if(net_amount > 0) as purchase_day_count,
        max(activity_date) filter (where net_amount > 0) as last_purchase_date,
        sum(line_count) as line_count,
        sum(purchase_line_count) as transaction_count,
        sum(return_line_count) as return_count,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_revenue,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_revenue,
        cast(sum(net_amount) as decimal(18, 2)) as net_revenue,
        max(_changed_batch_id) as _changed_batch_id

    from {{ customer_days }}

    group by customer_id, trunc(activity_date, 'MM')

)
{%- endmacro %}
