with

questions as (

    select
        history.as_of_date,
        dates.is_cut,
        if(
            dates.is_cut,
            history.as_of_date - {{ var('holdout_days') }},
            history.as_of_date
        ) as question_date,
        models.model

    from {{ ref('int_as_of_date') }} as history

    cross join (values (false), (true)) as dates (is_cut)

    cross join (values ('BG/NBD'), ('MBG/NBD'), ('Gamma-Gamma')) as models (model)

    where history.as_of_date is not null

),

-- Today the latest fit that is not of a later day; at the cut only one of the cut
-- itself, and of two the one whose hold-out ends today.
chosen as (

    select
        questions.is_cut,
        fits.*,
        runs.as_of_date as run_as_of_date

    from questions

    inner join {{ source('ml', 'value_fits') }} as fits
        on questions.model = fits.model

    inner join {{ ref('stg_value_runs') }} as runs on fits.run_id = runs.run_id

    where
        if(
            questions.is_cut,
            questions.question_date = fits.fit_date,
            questions.question_date >= fits.fit_date
            and fits.fit_date = runs.as_of_date
        )

    qualify
        rank() over (
            partition by questions.is_cut, questions.model
            order by
                fits.fit_date desc,
                (runs.as_of_date = questions.as_of_date) desc,
                fits.run_id desc
        ) = 1

),

parameters as (

    select
        run_id,
        fit_date,
        model,
        {%- for parameter in ['r', 'alpha', 'a', 'b', 'p', 'q', 'v'] %}
        max(estimate) filter (parameter = '{{ parameter }}') as {{ parameter }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ source('ml', 'value_parameters') }}

    group by run_id, fit_date, model

),

draws as (

    select
        run_id,
        fit_date,
        model,
        draw,
        {%- for parameter in ['p', 'q', 'v'] %}
        max(estimate) filter (parameter = '{{ parameter }}') as {{ parameter }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ source('ml', 'value_parameter_draws') }}

    where model = 'Gamma-Gamma'

    group by run_id, fit_date, model, draw

),

money_draws as (

    select
        run_id,
        fit_date,
        model,
        list({'draw': draw, 'p': p, 'q': q, 'v': v} order by draw) as money_draws

    from draws

    group by run_id, fit_date, model

)

select
    questions.is_cut,
    questions.model,
    questions.as_of_date,
    questions.model in ('{{ var("lifetime_value_model") }}', 'Gamma-Gamma') as is_used,
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
