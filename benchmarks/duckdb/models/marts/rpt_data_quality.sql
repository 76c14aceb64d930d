with

batches as (

    select * from {{ source('raw', 'batches') }}

),

staged as (

    {% for model in ['stg_transactions_resolved', 'stg_customers'] -%}
    select
        _batch_id,
        if(quarantine_reason is null, 'valid', 'quarantined') as outcome,
        coalesce(quarantine_reason, 'none') as reason,
        count(*) as row_count

    from {{ ref(model) }}

    group by _batch_id, quarantine_reason
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

superseded as (

    select
        batches._batch_id,
        'superseded' as outcome,
        'newer_version' as reason,
        batches.rows_raw - coalesce(sum(staged.row_count), 0) as row_count

    from batches

    left join staged on batches._batch_id = staged._batch_id

    group by batches._batch_id, batches.rows_raw

),

rejected as (

    select
        _batch_id,
        'rejected' as outcome,
        reason,
        count(*) as row_count

    from {{ source('raw', 'rejects') }}

    group by _batch_id, reason

),

outcomes as (

    select * from staged

    union all

    select * from superseded

    where row_count != 0

    union all

    select * from rejected

)

select
    batches._batch_id as batch_id,
    outcomes.outcome,
    outcomes.reason,
    batches.kind,
    batches.source as source_name,
    make_timestamp(epoch_us(batches._ingested_at)) as ingested_at,
    batches.rows_in,
    cast(outcomes.row_count as bigint) as row_count

from outcomes

inner join batches on outcomes._batch_id = batches._batch_id
