{{ config(materialized='view') }}

-- What is newer for the same dates replaces what was there.
select *

from {{ source('ml', 'value_runs') }}

qualify run_id = max(run_id) over (partition by as_of_date, cut_date)
