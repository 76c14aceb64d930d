{{ config(materialized='view') }}

with

preferences as (

    select * from {{ ref('fct_segment_preferences') }}

    where attribute = 'product_category'

)

select
    segment,
    attribute_value as product_category,
    base_customer_count,
    customer_count,
    transaction_count,
    net_revenue,
    average_share,
    population_average_share,
    preference_index

from preferences
