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

-- As many rows as there are answers to give, with or without a fit.
questions as (

    select
        purchase_fits.model,
        targets.target,
        purchase_fits.as_of_date,
        purchase_fits.run_id,
        purchase_fits.fit_date,
        purchase_fits.is_used,
        if(targets.target = 'revenue', money_fit.value_correlation, null)
            as value_correlation,
        if(targets.target = 'revenue', money_fit.is_value_independent, null)
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

        lateral view explode(array('purchases', 'revenue')) targets as target

),

pairs as (

    select * from {{ ref('fct_value_holdout') }}

),

buckets as (

    select
        model,
        target,
        side,
        bucket,
        sum(customer_count) as customer_count

    from pairs

        lateral view stack(
            2, 'predicted', predicted_bucket, 'actual', actual_bucket
        ) as side, bucket

    group by model, target, side, bucket

),

running_buckets as (

    select
        *,
        sum(customer_count) over (partition by model, target, side order by bucket)
            as running_count,
        sum(customer_count) over (partition by model, target, side) as all_count

    from buckets

),

-- Ties share the mean of their ranks, and so a decile. Twice its distance from the mean
-- of all ranks is a whole number, which adds up exactly.
ranked as (

    select
        *,
        cast(2 * running_count - customer_count - all_count as decimal(38, 0))
            as rank_distance,
        cast(
            10 * (2 * running_count - customer_count) div (2 * all_count) + 1 as int
        ) as decile

    from running_buckets

),

placed as (

    select
        pairs.*,
        predicted_ranks.decile,
        predicted_ranks.rank_distance as predicted_rank,
        actual_ranks.rank_distance as actual_rank

    from pairs

    inner join ranked as predicted_ranks
        on
            pairs.model = predicted_ranks.model
            and pairs.target = predicted_ranks.target
            and pairs.predicted_bucket = predicted_ranks.bucket
            and predicted_ranks.side = 'predicted'

    inner join ranked as actual_ranks
        on
            pairs.model = actual_ranks.model
            and pairs.target = actual_ranks.target
            and pairs.actual_bucket = actual_ranks.bucket
            and actual_ranks.side = 'actual'

),

measures as (

    select
        model,
        target,
        coalesce(decile, 0) as decile,
        sum(customer_count) as customer_count,
        cast(sum(predicted_sum) as double) / sum(customer_count) as predicted_mean,
        cast(sum(actual_sum) as double) / sum(customer_count) as actual_mean,
        cast(sum(absolute_error_sum) as double) / sum(customer_count)
            as mean_absolute_error,
        -- Of distances from the mean products make covariances, and with ties in the
        -- middle of their ranks the Gini coefficient is one too.
        cast(sum(customer_count * predicted_rank * actual_rank) as double)
        / nullif(
            sqrt(sum(customer_count * predicted_rank * predicted_rank))
            * sqrt(sum(customer_count * actual_rank * actual_rank)),
            0
        ) as rank_correlation,
        cast(sum(actual_sum * predicted_rank) as double)
        / nullif(cast(sum(actual_sum * actual_rank) as double), 0) as normalised_gini

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
    if(measures.decile = 0, measures.rank_correlation, null) as rank_correlation,
    if(measures.decile = 0, measures.normalised_gini, null) as normalised_gini,
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
