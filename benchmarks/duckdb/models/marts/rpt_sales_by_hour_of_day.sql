{{ config(materialized='view') }}

select
    attribute_value as hour_of_day,
    * exclude (attribute, attribute_value)

from {{ ref('fct_sales_by_attribute') }}

where attribute = 'hour_of_day'
