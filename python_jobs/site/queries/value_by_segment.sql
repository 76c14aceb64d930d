select
    customers.segment,
    count(*) as customer_count,
    avg(lifetime.p_alive) as average_p_alive,
    sum(lifetime.expected_value_365d) as expected_value,
    avg(lifetime.expected_value_365d) as expected_value_each

from marts.fct_customer_lifetime_value as lifetime

inner join marts.fct_customer_rfm as customers
    on lifetime.customer_id = customers.customer_id

where lifetime.expected_value_365d is not null

group by customers.segment

order by expected_value desc, customers.segment asc
