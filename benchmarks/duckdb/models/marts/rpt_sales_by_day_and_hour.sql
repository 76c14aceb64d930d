{{ config(materialized='view') }}

select
    cast(split_part(attribute_value, ' ', 1) as int) as day_of_week,
    split_part(attribute_value, ' ', 2) as hour_of_day,
    * exclude (attribute, attribute_value)

from {{ ref('fct_sales_by_attribute') }}

where attribute = 'day_and_hour'
