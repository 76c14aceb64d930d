{{ config(materialized='view') }}

with

assignments as (

    select * from {{ ref('stg_persona_assignments') }}

),

personas as (

    select * from {{ ref('stg_personas') }}

),

runs as (

    select * from {{ ref('stg_persona_runs') }}

)

select
    assignments.run_id,
    runs.trained_at,
    runs.as_of_date,
    assignments.customer_id,
    assignments.persona_id,
    personas.persona_name,
    assignments.distance,
    assignments.margin

from assignments

inner join personas
    on
        assignments.run_id = personas.run_id
        and assignments.persona_id = personas.persona_id

inner join runs on assignments.run_id = runs.run_id
