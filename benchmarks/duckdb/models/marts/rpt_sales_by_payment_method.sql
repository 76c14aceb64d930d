{{ config(materialized='view') }}

select
    attribute_value as payment_method,
    * exclude (attribute, attribute_value)

from {{ ref('fct_sales_by_attribute') }}

where attribute = 'payment_method'
