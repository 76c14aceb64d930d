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

-- As many rows as there are answers to give, with or without a fit.
questions as (

    select
        purchase_fits.model,
        targets.target,
        purchase_fits.as_of_date,
        purchase_fits.run_id,
        purchase_fits.fit_date,
        purchase_fits.is_used,
        case when targets.target = 'revenue' then money_fit.value_correlation end
            as value_correlation,
        case when targets.target = 'revenue' then money_fit.is_value_independent end
            as is_value_independent,
        case
            when purchase_fits.no_fit_reason is not null
                then purchase_fits.no_fit_reason
            when not purchase_fits.has_expectations
                then 'no expectations for this hold-out: run `behavior value`'
            when targets.target = 'revenue' then money_fit.no_fit_reason
        end as no_calibration_reason

    from purchase_fits

    cross join money_fit

    cross join (values ('purchases'), ('revenue')) as targets (target)

),

{% for side in ['predicted', 'actual'] -%}
{{ side }}_buckets as (

    select
        model,
        target,
        {{ side }}_bucket,
        cast(sum(customer_count) as bigint) as customer_count

    from {{ ref('fct_value_holdout') }}

    group by model, target, {{ side }}_bucket

),

-- Ties share the mean of their ranks, and so a decile. Twice its distance from the mean
-- of all ranks is a whole number, which adds up exactly.
{{ side }}_ranks as (

    select
        model,
        target,
        {{ side }}_bucket,
        2 * sum(customer_count) over buckets
        - customer_count
        - sum(customer_count) over all_buckets as rank_distance,
        cast(
            10 * (2 * sum(customer_count) over buckets - customer_count)
            // (2 * sum(customer_count) over all_buckets) + 1 as int
        ) as decile

    from {{ side }}_buckets

    window
        all_buckets as (partition by model, target),
        buckets as (partition by model, target order by {{ side }}_bucket)

),

{% endfor -%}
placed as (

    select
        pairs.*,
        cast(pairs.actual_sum * 100 as hugeint) as actual_cents,
        predicted_ranks.decile,
        predicted_ranks.rank_distance as predicted_rank,
        actual_ranks.rank_distance as actual_rank

    from {{ ref('fct_value_holdout') }} as pairs

    inner join predicted_ranks using (model, target, predicted_bucket)

    inner join actual_ranks using (model, target, actual_bucket)

),

measures as (

    select
        model,
        target,
        coalesce(decile, 0) as decile,
        cast(sum(customer_count) as bigint) as customer_count,
        sum(predicted_sum) / sum(customer_count) as predicted_mean,
        sum(actual_sum) / sum(customer_count) as actual_mean,
        sum(absolute_error_sum) / sum(customer_count) as mean_absolute_error,
        sum(customer_count * predicted_rank * actual_rank)
        / nullif(
            sqrt(sum(customer_count * predicted_rank * predicted_rank))
            * sqrt(sum(customer_count * actual_rank * actual_rank)),
            0
        ) as rank_correlation,
        sum(actual_cents * predicted_rank) / nullif(sum(actual_cents * actual_rank), 0)
            as normalised_gini

    from placed

    group by grouping sets ((model, target, decile), (model, target))

)

select
    questions.model,
    questions.target,
    coalesce(measures.decile, 0) as decile,
    if(measures.decile > 0, concat('decile ', measures.decile), 'all customers')
        as label,
    questions.as_of_date,
    questions.fit_date,
    questions.run_id,
    questions.is_used,
    coalesce(measures.customer_count, 0) as customer_count,
    measures.predicted_mean,
    measures.actual_mean,
    measures.predicted_mean - measures.actual_mean as mean_error,
    measures.mean_absolute_error,
    case when measures.decile = 0 then measures.rank_correlation end
        as rank_correlation,
    case when measures.decile = 0 then measures.normalised_gini end as normalised_gini,
    questions.value_correlation,
    questions.is_value_independent,
    case
        when measures.model is null
            then
                coalesce(
                    questions.no_calibration_reason, 'no customer with an expectation'
                )
    end as no_calibration_reason

from questions

left join measures
    on
        questions.model = measures.model
        and questions.target = measures.target
