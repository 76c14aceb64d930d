with

batches as (

    select * from {{ source('raw', 'batches') }}

)

select
    _batch_id as batch_id,
    kind,
    source as source_name,
    content_hash,
    rows_in,
    rows_raw,
    rows_rejected,
    rows_not_meant,
    _ingested_at as ingested_at

from batches
