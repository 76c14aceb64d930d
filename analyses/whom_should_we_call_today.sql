-- Which valuable customers are about to be lost, those with most at stake first?
select
    customer_id,
    segment,
    revenue_at_stake,
    cadence_risk,
    risk_reason

from marts.fct_high_value_at_risk

order by revenue_at_stake desc, customer_id asc

limit 50
