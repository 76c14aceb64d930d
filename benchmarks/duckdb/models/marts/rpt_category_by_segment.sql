{{ config(materialized='view') }}

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

from {{ ref('fct_segment_preferences') }}

where attribute = 'product_category'
