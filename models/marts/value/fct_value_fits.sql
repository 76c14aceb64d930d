-- Which fit counts is decided here, and nowhere else. Today that is the latest one that
-- is not of a later day; at the cut only one of the cut itself, so that nothing that
-- happened afterwards is in it.

with

questions as (

    select
        as_of_date,
        is_cut,
        question_date,
        model

    from {{ ref('int_as_of_date') }}

        lateral view stack(
            2,
            false, as_of_date,
            true, date_sub(as_of_date, {{ var('holdout_days') }})
        ) as is_cut, question_date

        lateral view explode(array('BG/NBD', 'MBG/NBD', 'Gamma-Gamma')) as model

    where as_of_date is not null

),

fits as (

    select
        fits.*,
        runs.as_of_date as run_as_of_date

    from {{ ref('stg_value_fits') }} as fits

    inner join {{ ref('stg_value_runs') }} as runs on fits.run_id = runs.run_id

),

parameters as (

    select
        run_id,
        fit_date,
        model,
        max(estimate) filter (where parameter = 'r') as r,
        max(estimate) filter (where parameter = 'alpha') as alpha,
        max(estimate) filter (where parameter = 'a') as a,
        max(estimate) filter (where parameter = 'b') as b,
        max(estimate) filter (where parameter = 'p') as p,
        max(estimate) filter (where parameter = 'q') as q,
        max(estimate) filter (where parameter = 'v') as v

    from {{ ref('stg_value_parameters') }}

    group by run_id, fit_date, model

),

draws as (

    select
        run_id,
        fit_date,
        model,
        draw,
        max(estimate) filter (where parameter = 'p') as p,
        max(estimate) filter (where parameter = 'q') as q,
        max(estimate) filter (where parameter = 'v') as v

    from {{ ref('stg_value_parameter_draws') }}

    where model = 'Gamma-Gamma'

    group by run_id, fit_date, model, draw

),

-- Of money only: of purchases a run leaves what each draw expects of each history.
money_draws as (

    select
        run_id,
        fit_date,
        model,
        sort_array(collect_list(struct(draw, p, q, v))) as money_draws

    from draws

    group by run_id, fit_date, model

),

candidates as (

    select
        questions.is_cut,
        fits.*,
        -- Of two fits of the cut, the one whose hold-out ends today.
        rank() over (
            partition by questions.is_cut
            order by
                fits.fit_date desc,
                fits.run_as_of_date = questions.as_of_date desc,
                fits.run_id desc
        ) as preference

    from questions

    inner join fits
        on
            questions.model = fits.model
            and if(
                questions.is_cut,
                questions.question_date = fits.fit_date,
                questions.question_date >= fits.fit_date
                and fits.fit_date = fits.run_as_of_date
            )

),

chosen as (

    select * from candidates

    where preference = 1

)

select
    questions.is_cut,
    questions.model,
    questions.as_of_date,
    questions.model in ({{ lifetime_value_model() }}, 'Gamma-Gamma') as is_used,
    chosen.run_id,
    chosen.fit_date,
    chosen.customer_count,
    chosen.repeater_count,
    coalesce(chosen.run_as_of_date = questions.as_of_date, false) as has_expectations,
    case
        when parameters.model is not null then null
        when chosen.no_fit_reason is not null then chosen.no_fit_reason
        when questions.is_cut then 'no fit at the cut yet: run `behavior value`'
        else 'no fit yet: run `behavior value`'
    end as no_fit_reason,
    chosen.log_likelihood,
    parameters.r,
    parameters.alpha,
    parameters.a,
    parameters.b,
    parameters.p,
    parameters.q,
    parameters.v,
    money_draws.money_draws,
    chosen.value_correlation,
    abs(chosen.value_correlation) <= {{ var('value_max_correlation') }}
        as is_value_independent

from questions

left join chosen
    on
        questions.is_cut = chosen.is_cut
        and questions.model = chosen.model

left join parameters
    on
        chosen.run_id = parameters.run_id
        and chosen.fit_date = parameters.fit_date
        and chosen.model = parameters.model

left join money_draws
    on
        chosen.run_id = money_draws.run_id
        and chosen.fit_date = money_draws.fit_date
        and chosen.model = money_draws.model
