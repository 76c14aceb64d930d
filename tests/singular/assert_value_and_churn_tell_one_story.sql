-- Churn takes histories from the lifetimes, customer value from the purchase summary:
-- every buyer is in both, with the same history and the same probability to be there.
with

churn as (

    select * from {{ ref('fct_customer_churn') }}

    where frequency > 0

),

customer_values as (

    select * from {{ ref('fct_customer_lifetime_value') }}

)

select
    churn.customer_id,
    customer_values.customer_id as value_customer_id,
    churn.frequency,
    customer_values.repeat_count,
    churn.recency_days,
    customer_values.customer_age,
    customer_values.last_purchase_age,
    churn.p_alive,
    customer_values.p_alive as value_p_alive

from churn

full outer join customer_values
    on churn.customer_id = customer_values.customer_id

where
    churn.frequency is distinct from customer_values.repeat_count + 1
    or churn.recency_days
    is distinct from customer_values.customer_age - customer_values.last_purchase_age
    or churn.p_alive is distinct from customer_values.p_alive
