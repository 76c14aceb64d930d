with

fits as (

    select * from {{ ref('fct_value_fits') }}

    where
        is_used
        and not is_cut

),

purchase_fit as (

    select * from fits

    where model != 'Gamma-Gamma'

),

money_fit as (

    select * from fits

    where model = 'Gamma-Gamma'

),

-- What was expected on another day says nothing of today's histories.
expectations as (

    select expectations.*

    from {{ ref('stg_value_expectations') }} as expectations

    inner join purchase_fit
        on
            expectations.run_id = purchase_fit.run_id
            and expectations.fit_date = purchase_fit.fit_date
            and expectations.model = purchase_fit.model

    where purchase_fit.has_expectations

),

histories as (

    select
        *,
        cast(coalesce(mean_repeat_value, 0) as double) as repeat_value

    from {{ ref('fct_customer_purchase_summary') }}

    where not is_cut

),

most_repeats as (

    select max(repeat_count) as repeat_count

    from histories

),

-- An expected basket is a straight line in the customer's own mean: a line for each
-- number of repeats and draw is cheaper than the formula for each customer and draw.
basket_draws as (

    select
        transform(
            sequence(0, most_repeats.repeat_count),
            repeat_count -> transform(
                money_fit.money_draws,
                draw -> struct(
                    {{ expected_basket('draw', 'repeat_count', '0') }} as base,
                    {{ expected_basket('draw', 'repeat_count', '1') }}
                    - {{ expected_basket('draw', 'repeat_count', '0') }} as slope
                )
            )
        ) as by_repeat_count

    from most_repeats

    cross join money_fit

),

estimated as (

    select
        histories.*,
        purchase_fit.model,
        purchase_fit.run_id,
        purchase_fit.fit_date as fitted_date,
        purchase_fit.has_expectations,
        purchase_fit.no_fit_reason as no_purchase_fit_reason,
        money_fit.no_fit_reason as no_money_fit_reason,
        money_fit.is_value_independent,
        {{ p_alive(
            'purchase_fit',
            'histories.repeat_count',
            'histories.last_purchase_age',
            'histories.customer_age'
        ) }} as p_alive,
        {{ expected_basket(
            'money_fit', 'histories.repeat_count', 'histories.repeat_value'
        ) }} as expected_basket,
        expectations.expected_purchases_30d,
        expectations.expected_purchases_90d,
        expectations.expected_purchases_365d,
        expectations.expected_purchases_365d_draws,
        -- As a constant: a join would copy the lines of all into the row of each.
        get(
            (select basket_draws.by_repeat_count from basket_draws),
            histories.repeat_count
        ) as basket_draws

    from histories

    left join expectations
        on
            histories.repeat_count = expectations.repeat_count
            and histories.last_purchase_age = expectations.last_purchase_age
            and histories.customer_age = expectations.customer_age

    cross join purchase_fit

    cross join money_fit

),

valued as (

    select
        *,
        expected_purchases_365d * expected_basket as expected_value_365d,
        sort_array(
            zip_with(
                expected_purchases_365d_draws,
                basket_draws,
                (expected_purchases, basket) -> expected_purchases
                * (basket.base + basket.slope * repeat_value)
            )
        ) as sorted_draws

    from estimated

),

-- A draw without a mean basket may be of any value, so there are no bounds then; NULLs
-- sort first.
bounded as (

    select
        *,
        expected_value_365d is not null and get(sorted_draws, 0) is not null
            as has_bounds,
        {{ percentile_of_sorted('sorted_draws', 0.05) }} as lower_bound,
        {{ percentile_of_sorted('sorted_draws', 0.95) }} as upper_bound

    from valued

)

select
    customer_id,
    as_of_date,
    model,
    run_id,
    fitted_date as fit_date,
    repeat_count,
    last_purchase_age,
    customer_age,
    mean_repeat_value,
    p_alive,
    cast(expected_basket as decimal(18, 2)) as expected_basket,
    expected_purchases_30d,
    expected_purchases_90d,
    expected_purchases_365d,
    cast(expected_value_365d as decimal(18, 2)) as expected_value_365d,
    cast(if(has_bounds, lower_bound, null) as decimal(18, 2)) as expected_value_lower,
    cast(if(has_bounds, upper_bound, null) as decimal(18, 2)) as expected_value_upper,
    is_value_independent,
    case
        when expected_value_365d is not null then null
        when no_purchase_fit_reason is not null then no_purchase_fit_reason
        when not has_expectations
            then 'no expectations for this as-of date: run `behavior value`'
        when expected_purchases_365d is null
            then 'no expectations for this history: run `behavior value`'
        when no_money_fit_reason is not null then no_money_fit_reason
        else 'no mean basket by this fit'
    end as no_value_reason

from bounded
