-- Predicted at the cut, and what came. A comparison by ranks needs no customers, only
-- how many there are of a kind: values go by their first three digits, which makes 900
-- kinds between one power of ten and the next, however many customers there are.

with

fits as (

    select * from {{ ref('fct_value_fits') }}

    where is_cut

),

purchase_fits as (

    select * from fits

    where model != 'Gamma-Gamma'

),

money_fit as (

    select * from fits

    where model = 'Gamma-Gamma'

),

actuals as (

    select
        customer_days.customer_id,
        count_if(customer_days.net_amount > 0) as purchase_day_count,
        sum(customer_days.net_amount) as net_revenue

    from {{ ref('int_customer_days') }} as customer_days

    inner join {{ ref('int_as_of_date') }} as history
        on customer_days.activity_date < history.as_of_date

    where
        customer_days.activity_date
        >= date_sub(history.as_of_date, {{ var('holdout_days') }})

    group by customer_days.customer_id

),

expectations as (

    select
        expectations.model,
        expectations.repeat_count,
        expectations.last_purchase_age,
        expectations.customer_age,
        expectations.expected_purchases_holdout

    from {{ ref('stg_value_expectations') }} as expectations

    inner join purchase_fits
        on
            expectations.run_id = purchase_fits.run_id
            and expectations.fit_date = purchase_fits.fit_date
            and expectations.model = purchase_fits.model

    where purchase_fits.has_expectations

),

predictions as (

    select
        expectations.model,
        expectations.expected_purchases_holdout,
        {{ expected_basket(
            'money_fit',
            'histories.repeat_count',
            'cast(coalesce(histories.mean_repeat_value, 0) as double)'
        ) }} as expected_basket,
        cast(coalesce(actuals.purchase_day_count, 0) as decimal(18, 2))
            as purchase_day_count,
        cast(coalesce(actuals.net_revenue, 0) as decimal(18, 2)) as net_revenue

    from {{ ref('fct_customer_purchase_summary') }} as histories

    inner join expectations
        on
            histories.repeat_count = expectations.repeat_count
            and histories.last_purchase_age = expectations.last_purchase_age
            and histories.customer_age = expectations.customer_age

    cross join money_fit

    left join actuals on histories.customer_id = actuals.customer_id

    where histories.is_cut

),

compared as (

    select
        model,
        target,
        predicted,
        actual

    from predictions

        lateral view stack(
            2,
            'purchases', expected_purchases_holdout, purchase_day_count,
            'revenue', expected_purchases_holdout * expected_basket, net_revenue
        ) as target, predicted, actual

    where predicted is not null

)

-- Sums of decimals: those of doubles would come out by the order of the rows. A
-- difference of wider ones would lose a digit.
select
    model,
    target,
    {{ three_digits('predicted') }} as predicted_bucket,
    {{ three_digits('actual') }} as actual_bucket,
    count(*) as customer_count,
    sum(cast(predicted as decimal(38, 12))) as predicted_sum,
    sum(actual) as actual_sum,
    sum(abs(cast(predicted as decimal(26, 12)) - cast(actual as decimal(18, 2))))
        as absolute_error_sum

from compared

group by all
