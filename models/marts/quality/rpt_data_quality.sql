with

batches as (

    select * from {{ ref('stg_batches') }}

),

resolved as (

    select
        _batch_id as batch_id,
        quarantine_reason

    from {{ ref('stg_transactions_resolved') }}

    union all

    select
        _batch_id as batch_id,
        quarantine_reason

    from {{ ref('stg_customers_resolved') }}

),

staged as (

    select
        batch_id,
        quarantine_reason,
        count(*) as row_count

    from resolved

    group by batch_id, quarantine_reason

),

rejected as (

    select
        batch_id,
        reason,
        count(*) as row_count

    from {{ ref('stg_rejects') }}

    group by batch_id, reason

),

-- What was staged is no superseded row: each of its counts is taken from all raw rows.
counts as (

    select
        batch_id,
        outcome,
        reason,
        counted as row_count

    from staged

        lateral view stack(
            2,
            if(quarantine_reason is null, 'valid', 'quarantined'),
            coalesce(quarantine_reason, 'none'),
            row_count,
            'superseded', 'newer_version', -row_count
        ) as outcome, reason, counted

    union all

    select
        batch_id,
        'superseded' as outcome,
        'newer_version' as reason,
        rows_raw as row_count

    from batches

    union all

    select
        batch_id,
        'rejected' as outcome,
        reason,
        row_count

    from rejected

    union all

    select
        batch_id,
        'not_meant' as outcome,
        'where' as reason,
        rows_not_meant as row_count

    from batches

),

outcomes as (

    select
        batch_id,
        outcome,
        reason,
        sum(row_count) as row_count

    from counts

    group by batch_id, outcome, reason

    having sum(row_count) != 0

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
