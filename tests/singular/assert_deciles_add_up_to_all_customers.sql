-- Each customer of the calibration is in one decile, with prediction and outcome.
with

deciles as (

    select
        model,
        target,
        sum(customer_count) as customer_count,
        sum(customer_count * predicted_mean) as predicted,
        sum(customer_count * actual_mean) as actual

    from {{ ref('rpt_lifetime_value_calibration') }}

    where decile > 0

    group by model, target

),

everybody as (

    select
        model,
        target,
        customer_count,
        customer_count * predicted_mean as predicted,
        customer_count * actual_mean as actual

    from {{ ref('rpt_lifetime_value_calibration') }}

    where
        decile = 0
        and customer_count > 0

)

select
    everybody.model,
    everybody.target,
    everybody.customer_count,
    deciles.customer_count as customers_in_deciles,
    everybody.predicted,
    deciles.predicted as predicted_in_deciles,
    everybody.actual,
    deciles.actual as actual_in_deciles

from everybody

left join deciles
    on
        everybody.model = deciles.model
        and everybody.target = deciles.target

where
    deciles.customer_count is distinct from everybody.customer_count
    or abs(deciles.predicted - everybody.predicted)
    > 1e-9 * greatest(everybody.predicted, 1)
    or abs(deciles.actual - everybody.actual)
    > 1e-9 * greatest(abs(everybody.actual), 1)
