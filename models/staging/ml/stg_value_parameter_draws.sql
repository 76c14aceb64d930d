with

parameter_draws as (

    select * from {{ source('ml', 'value_parameter_draws') }}

),

newest_runs as (

    select * from {{ ref('stg_value_runs') }}

    where is_newest_of_dates

)

select
    parameter_draws.run_id,
    parameter_draws.fit_date,
    parameter_draws.model,
    parameter_draws.parameter,
    parameter_draws.draw,
    parameter_draws.estimate

from parameter_draws

inner join newest_runs on parameter_draws.run_id = newest_runs.run_id
