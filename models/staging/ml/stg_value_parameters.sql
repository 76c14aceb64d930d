with

parameters as (

    select * from {{ source('ml', 'value_parameters') }}

),

newest_runs as (

    select * from {{ ref('stg_value_runs') }}

    where is_newest_of_dates

)

select
    parameters.run_id,
    parameters.fit_date,
    parameters.model,
    parameters.parameter,
    parameters.estimate,
    parameters.lower_bound,
    parameters.upper_bound

from parameters

inner join newest_runs on parameters.run_id = newest_runs.run_id
