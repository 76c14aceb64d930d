-- The report of data quality leaves no row of any batch out and counts none twice.
with

outcomes as (

    select
        batch_id,
        sum(row_count) as row_count

    from {{ ref('rpt_data_quality') }}

    group by batch_id

)

select
    batches.batch_id,
    batches.rows_in,
    outcomes.row_count

from {{ ref('stg_batches') }} as batches

full outer join outcomes on batches.batch_id = outcomes.batch_id

where coalesce(batches.rows_in, 0) != coalesce(outcomes.row_count, 0)
