{% macro customer_touches_cte(keys) -%}
touched as (

    select distinct
        {{ keys | join(',\n        ') }}

    from {{ ref('int_customer_day_touches') }}

    where _changed_batch_id > {{ processed_through('_changed_batch_id') }}

)
{%- endmacro %}
