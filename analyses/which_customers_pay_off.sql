-- Which demographic groups bring more than their share of customers?
select
    attribute,
    attribute_value,
    customer_count,
    average_value,
    100 * share_of_revenue / nullif(share_of_customers, 0) as revenue_index

from marts.rpt_customers_by_demographic

where attribute_value != 'unknown'

order by revenue_index desc
