with

purchase_fits as (

    select * from {{ ref('fct_value_fits') }}

    where
        is_cut
        and model != 'Gamma-Gamma'

),

money_fit as (

    select * from {{ ref('fct_value_fits') }}

    where
        is_cut
        and model = 'Gamma-Gamma'

),

actuals as (

    select
        customer_id,
        count(*) filter (net_amount > 0) as purchase_day_count,
        sum(net_amount) as net_revenue

    from {{ ref('int_customer_days') }}

    where
        activity_date < {{ as_of_date() }}
        and activity_date >= {{ as_of_date() }} - {{ var('holdout_days') }}

    group by customer_id

),

expectations as (

    select expectations.*

    from {{ source('ml', 'value_expectations') }} as expectations

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
            'coalesce(cast(histories.mean_repeat_value as double), 0)'
        ) }} as expected_basket,
        coalesce(actuals.purchase_day_count, 0) as purchase_day_count,
        coalesce(actuals.net_revenue, 0) as net_revenue

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
        'purchases' as target,
        expected_purchases_holdout as predicted,
        cast(purchase_day_count as decimal(18, 2)) as actual

    from predictions

    union all

    select
        model,
        'revenue' as target,
        expected_purchases_holdout * expected_basket as predicted,
        net_revenue as actual

    from predictions

)

select
    model,
    target,
    {{ three_digits('predicted') }} as predicted_bucket,
    {{ three_digits('actual') }} as actual_bucket,
    count(*) as customer_count,
    cast(sum(predicted) as decimal(38, 12)) as predicted_sum,
    cast(sum(actual) as decimal(28, 2)) as actual_sum,
    cast(sum(abs(predicted - actual)) as decimal(38, 12)) as absolute_error_sum

from compared

where predicted is not null

group by model, target, predicted_bucket, actual_bucket
