-- The world has moved: a feature of the newest training is far from where it was in the
-- one before. The personas still are what customers do; ask whether they are still the
-- right ones (`behavior train --choose-k`).
{{ config(severity='warn') }}

select
    drift.feature,
    drift.population_stability_index,
    drift.share_of_customers_moved

from {{ ref('rpt_persona_drift') }} as drift

inner join {{ ref('stg_persona_runs') }} as runs
    on drift.run_id = runs.run_id and runs.is_newest

where drift.drift = 'major'
