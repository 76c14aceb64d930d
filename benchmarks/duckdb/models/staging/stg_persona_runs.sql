{{ config(materialized='view') }}

select
    *,
    run_id = max(run_id) over () as is_newest

from {{ source('ml', 'persona_runs') }}
