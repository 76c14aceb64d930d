with

purchase_fit as (

    select * from {{ ref('fct_value_fits') }}

    where
        is_used
        and not is_cut
        and model != 'Gamma-Gamma'

),

money_fit as (

    select * from {{ ref('fct_value_fits') }}

    where
        not is_cut
        and model = 'Gamma-Gamma'

),

-- What was expected on another day says nothing of today's histories.
expectations as (

    select expectations.*

    from {{ source('ml', 'value_expectations') }} as expectations

    inner join purchase_fit
        on
            expectations.run_id = purchase_fit.run_id
            and expectations.fit_date = purchase_fit.fit_date
            and expectations.model = purchase_fit.model

    where purchase_fit.has_expectations

),

-- Customers who differ in name only are worth the same: nearly all of those who have
-- bought once.
histories as (

    select distinct
        repeat_count,
        last_purchase_age,
        customer_age,
        mean_repeat_value,
        coalesce(cast(mean_repeat_value as double), 0) as repeat_value

    from {{ ref('fct_customer_purchase_summary') }}

    where not is_cut

),

-- An expected basket is a straight line in the customer's own mean: a line for each
-- number of repeats and draw.
basket_lines as (

    select
        repeat_counts.repeat_count,
        list(
            {{ expected_basket('draws.draw', 'repeat_counts.repeat_count', '0') }}
            order by draws.draw.draw
        ) as bases,
        list(
            {{ expected_basket('draws.draw', 'repeat_counts.repeat_count', '1') }}
            - {{ expected_basket('draws.draw', 'repeat_counts.repeat_count', '0') }}
            order by draws.draw.draw
        ) as slopes

    from (select distinct repeat_count from histories) as repeat_counts

    cross join (select unnest(money_draws) as draw from money_fit) as draws

    group by repeat_counts.repeat_count

),

estimated as (

    select
        histories.*,
        {{ expected_basket(
            'money_fit', 'histories.repeat_count', 'histories.repeat_value'
        ) }} as expected_basket,
        {{ p_alive(
            'purchase_fit',
            'histories.repeat_count',
            'histories.last_purchase_age',
            'histories.customer_age'
        ) }} as p_alive,
        expectations.expected_purchases_30d,
        expectations.expected_purchases_90d,
        expectations.expected_purchases_365d,
        list_transform(
            expectations.expected_purchases_365d_draws,
            lambda expected_purchases, place: expected_purchases * (
                basket_lines.bases[place]
                + basket_lines.slopes[place] * histories.repeat_value
            )
        ) as draws

    from histories

    cross join purchase_fit

    cross join money_fit

    left join basket_lines on histories.repeat_count = basket_lines.repeat_count

    left join expectations
        on
            histories.repeat_count = expectations.repeat_count
            and histories.last_purchase_age = expectations.last_purchase_age
            and histories.customer_age = expectations.customer_age

),

-- A draw without a mean basket may be of any value, so there are no bounds then.
bounded as (

    select
        * exclude (draws),
        expected_purchases_365d * expected_basket as expected_value_365d,
        case
            when
                expected_purchases_365d * expected_basket is not null
                and list_count(draws) = len(draws)
                then list_aggregate(draws, 'quantile_cont', [0.05, 0.95])
        end as bounds

    from estimated

)

select
    customers.customer_id,
    customers.as_of_date,
    purchase_fit.model,
    purchase_fit.run_id,
    purchase_fit.fit_date,
    customers.repeat_count,
    customers.last_purchase_age,
    customers.customer_age,
    customers.mean_repeat_value,
    bounded.p_alive,
    cast(bounded.expected_basket as decimal(18, 2)) as expected_basket,
    bounded.expected_purchases_30d,
    bounded.expected_purchases_90d,
    bounded.expected_purchases_365d,
    cast(bounded.expected_value_365d as decimal(18, 2)) as expected_value_365d,
    cast(bounded.bounds[1] as decimal(18, 2)) as expected_value_lower,
    cast(bounded.bounds[2] as decimal(18, 2)) as expected_value_upper,
    money_fit.is_value_independent,
    case
        when bounded.expected_value_365d is not null then null
        when purchase_fit.no_fit_reason is not null then purchase_fit.no_fit_reason
        when not purchase_fit.has_expectations
            then 'no expectations for this as-of date: run `behavior value`'
        when bounded.expected_purchases_365d is null
            then 'no expectations for this history: run `behavior value`'
        when money_fit.no_fit_reason is not null then money_fit.no_fit_reason
        else 'no mean basket by this fit'
    end as no_value_reason

from {{ ref('fct_customer_purchase_summary') }} as customers

cross join purchase_fit

cross join money_fit

inner join bounded
    on
        customers.repeat_count = bounded.repeat_count
        and customers.last_purchase_age = bounded.last_purchase_age
        and customers.customer_age = bounded.customer_age
        and customers.mean_repeat_value is not distinct from bounded.mean_repeat_value

where not customers.is_cut
