select
    count(*) as customer_count,
    count(lifetime.expected_value_365d) as valued_count,
    sum(lifetime.expected_value_365d) as expected_value,
    avg(lifetime.p_alive) filter (where lifetime.expected_value_365d is not null)
        as average_p_alive,
    count_if(lifetime.p_alive < 0.5 and lifetime.expected_value_365d is not null)
        as probably_gone_count,
    bool_and(lifetime.is_value_independent) as is_value_independent,
    max(lifetime.model) as model,
    max(lifetime.no_value_reason) as no_value_reason

from marts.fct_customer_lifetime_value as lifetime

having count(*) > 0
