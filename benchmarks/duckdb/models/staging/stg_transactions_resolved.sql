{% if var('time_zone') != 'UTC' %}
{{ exceptions.raise_compiler_error('this twin knows the clock of UTC only') }}
{% endif %}
with

batches as (

    select
        _batch_id

    from {{ source('raw', 'batches') }}

    where kind = 'transactions'

),

deliveries as (

    select
        transactions.* replace (
            make_timestamp(epoch_us(transactions.transacted_at)) as transacted_at,
            make_timestamp(epoch_us(transactions._ingested_at)) as _ingested_at
        )

    from {{ source('raw', 'transactions') }} as transactions

    inner join batches on transactions._batch_id = batches._batch_id

),

-- Few lines come twice: only those are worth a sort.
repeated as (

    select transaction_id from deliveries

    group by transaction_id

    having count(*) > 1

),

newest as (

    select deliveries.*

    from deliveries

    anti join repeated on deliveries.transaction_id = repeated.transaction_id

    union all

    select deliveries.*

    from deliveries

    semi join repeated on deliveries.transaction_id = repeated.transaction_id

    qualify
        row_number() over (
            partition by deliveries.transaction_id
            order by
                deliveries._batch_id desc,
                sha256(concat_ws(
                    chr(31),
                    coalesce(deliveries.customer_id, chr(0)),
                    cast(deliveries.transacted_at as varchar),
                    coalesce(deliveries.product_category, chr(0)),
                    cast(deliveries.amount as varchar),
                    coalesce(cast(deliveries.quantity as varchar), chr(0)),
                    coalesce(deliveries.payment_method, chr(0))
                )) desc
        ) = 1

)

select
    newest.transaction_id,
    newest.customer_id,
    newest.transacted_at,
    cast(newest.transacted_at as date) as transacted_date,
    case when newest._has_time_of_day then cast(hour(newest.transacted_at) as int) end
        as transacted_hour,
    coalesce(nullif(trim(newest.product_category), ''), 'unknown') as product_category,
    newest.amount,
    newest.quantity,
    coalesce(nullif(trim(newest.payment_method), ''), 'unknown') as payment_method,
    case
        when newest.customer_id is null
            then 'missing_customer'
        when newest.transacted_at > newest._ingested_at + interval 1 day
            then 'future_date'
        when newest.transacted_at < date '{{ var('min_transaction_date') }}'
            then 'date_before_start'
        when abs(newest.amount) > {{ var('max_line_amount') }}
            then 'amount_beyond_limit'
        when customers.customer_id is null
            then 'orphan'
    end as quarantine_reason,
    greatest(newest._batch_id, customers.first_batch_id) as _changed_batch_id,
    newest._batch_id

from newest

left join {{ ref('stg_customers') }} as customers
    on newest.customer_id = customers.customer_id
