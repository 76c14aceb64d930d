with

batches as (

    select * from {{ ref('stg_batches') }}

),

rejects as (

    select
        batch_id,
        'rejected' as outcome,
        reason,
        count(*) as row_count

    from {{ ref('stg_rejects') }}

    group by batch_id, reason

),

valid as (

    select _batch_id as batch_id from {{ ref('stg_transactions') }}

    union all

    select _batch_id as batch_id from {{ ref('stg_customers') }}

),

valid_counts as (

    select
        batch_id,
        'valid' as outcome,
        'none' as reason,
        count(*) as row_count

    from valid

    group by batch_id

),

quarantined as (

    select
        _batch_id as batch_id,
        quarantine_reason

    from {{ ref('stg_quarantined_transactions') }}

    union all

    select
        _batch_id as batch_id,
        quarantine_reason

    from {{ ref('stg_quarantined_customers') }}

),

quarantined_counts as (

    select
        batch_id,
        'quarantined' as outcome,
        quarantine_reason as reason,
        count(*) as row_count

    from quarantined

    group by batch_id, quarantine_reason

),

staged as (

    select * from valid_counts

    union all

    select * from quarantined_counts

),

staged_counts as (

    select
        batch_id,
        sum(row_count) as row_count

    from staged

    group by batch_id

),

superseded as (

    select
        batches.batch_id,
        'superseded' as outcome,
        'newer_version' as reason,
        batches.rows_raw - coalesce(staged_counts.row_count, 0) as row_count

    from batches

    left join staged_counts on batches.batch_id = staged_counts.batch_id

),

outcomes as (

    select * from staged

    union all

    select * from rejects

    union all

    select * from superseded

    where row_count != 0

)

select
    batches.batch_id,
    outcomes.outcome,
    outcomes.reason,
    batches.kind,
    batches.source_name,
    batches.ingested_at,
    batches.rows_in,
    outcomes.row_count

from outcomes

inner join batches on outcomes.batch_id = batches.batch_id
