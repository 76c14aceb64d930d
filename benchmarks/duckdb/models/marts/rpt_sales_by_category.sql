{{ config(materialized='view') }}

select
    attribute_value as product_category,
    * exclude (attribute, attribute_value)

from {{ ref('fct_sales_by_attribute') }}

where attribute = 'product_category'
