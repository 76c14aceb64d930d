with

rejects as (

    select * from {{ source('raw', 'rejects') }}

),

batches as (

    select * from {{ ref('stg_batches') }}

)

select
    rejects._batch_id as batch_id,
    rejects._source as source_name,
    rejects.row_number,
    rejects.row_text,
    rejects.reason,
    rejects.detail,
    rejects._ingested_at as ingested_at

from rejects

inner join batches on rejects._batch_id = batches.batch_id
