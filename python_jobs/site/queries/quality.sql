select
    kind,
    outcome,
    reason,
    sum(row_count) as row_count

from marts.rpt_data_quality

where row_count > 0

group by kind, outcome, reason

order by kind asc, row_count desc, outcome asc, reason asc
