select
    kind,
    count(distinct batch_id) as batch_count,
    max(ingested_at) as newest_ingested_at,
    sum(row_count) as rows_in,
    sum(row_count) filter (where outcome = 'rejected') as rejected_count,
    sum(row_count) filter (where outcome = 'quarantined') as quarantined_count

from marts.rpt_data_quality

group by kind

order by kind
