{% macro customer_lifetimes_as_of_ctes() -%}
{% if var('as_of_date') is none -%}
customer_lifetimes as (

    select * from {{ ref('int_customer_lifetimes') }}

)
{%- else -%}
customer_days as (

    select * from {{ ref('int_customer_days') }}

    where activity_date < {{ as_of_date() }}

),

{{ customer_lifetime_ctes('customer_days') }}
{%- endif %}
{%- endmacro %}
