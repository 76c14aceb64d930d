-- raw = valid + quarantined + superseded: every key of a published batch is resolved to
-- its newest delivery, and nothing else is. Superseded rows are the rest by definition.
with

delivered as (

    select
        'transactions' as kind,
        transactions.transaction_id as delivered_key,
        max(transactions._batch_id) as newest_batch_id

    from {{ source('raw', 'transactions') }} as transactions

    inner join {{ ref('stg_batches') }} as batches
        on transactions._batch_id = batches.batch_id

    group by transactions.transaction_id

    union all

    select
        'customers' as kind,
        customers.customer_id as delivered_key,
        max(customers._batch_id) as newest_batch_id

    from {{ source('raw', 'customers') }} as customers

    inner join {{ ref('stg_batches') }} as batches
        on customers._batch_id = batches.batch_id

    group by customers.customer_id

),

resolved as (

    select
        'transactions' as kind,
        transaction_id as resolved_key,
        _batch_id

    from {{ ref('stg_transactions') }}

    union all

    select
        'transactions' as kind,
        transaction_id as resolved_key,
        _batch_id

    from {{ ref('stg_quarantined_transactions') }}

    union all

    select
        'customers' as kind,
        customer_id as resolved_key,
        _batch_id

    from {{ ref('stg_customers') }}

    union all

    select
        'customers' as kind,
        customer_id as resolved_key,
        _batch_id

    from {{ ref('stg_quarantined_customers') }}

)

select
    delivered.kind,
    delivered.delivered_key,
    delivered.newest_batch_id,
    resolved.resolved_key,
    resolved._batch_id

from delivered

full outer join resolved
    on
        delivered.kind = resolved.kind
        and delivered.delivered_key = resolved.resolved_key

where delivered.newest_batch_id is distinct from resolved._batch_id
