{{ config(
    materialized='incremental',
    unique_key='transaction_id',
    clustered_by='transacted_date',
    post_hook='{{ compact() }}',
) }}

{# Asked once: the answer is a query of its own. #}
{%- set judged_ids = between_judged_ids() -%}

-- Changes only: transaction_id {{ judged_ids }}

with

batches as (

    select * from {{ ref('stg_batches') }}

    where kind = 'transactions'

),

customers as (

    select
        customer_id,
        first_batch_id

    from {{ ref('stg_customers_resolved') }}

),

published as (

    select
        transactions.*,
        {{ digits_kept('transactions.transacted_at', 'transactions._time_zone') }}
            as moment

    from {{ source('raw', 'transactions') }} as transactions

    left semi join batches on transactions._batch_id = batches.batch_id

    {% if is_incremental() %}
    -- Batches are published in order, so this misses none, however late its rows.
    where transactions._batch_id > {{ processed_through('_batch_id') }}
    {% endif %}

),

deliveries as (

    select
        transaction_id,
        customer_id,
        moment as transacted_at,
        cast({{ local_time('moment') }} as date) as transacted_date,
        case when _has_time_of_day then hour({{ local_time('moment') }}) end
            as transacted_hour,
        coalesce(nullif(trim(product_category), ''), 'unknown') as product_category,
        amount,
        quantity,
        coalesce(nullif(trim(payment_method), ''), 'unknown') as payment_method,
        _batch_id,
        _ingested_at,
        _source,
        {{ row_hash([
            'customer_id', 'transacted_at', 'product_category', 'amount', 'quantity',
            'payment_method',
        ]) }} as row_hash

    from published

),

ranked as (

    select
        *,
        row_number() over (
            partition by transaction_id
            order by _batch_id desc, row_hash desc
        ) as version_rank,
        -- Where any version of the line counted: those days change when it moves away.
        collect_list(struct(customer_id, transacted_date)) over (
            partition by transaction_id
        ) as customer_days

    from deliveries

),

newest as (

    select * from ranked

    where version_rank = 1

),

{% if is_incremental() %}
known as (

    select this_table.*

    from {{ this }} as this_table

    left semi join newest on this_table.transaction_id = newest.transaction_id

    where this_table.transaction_id {{ judged_ids }}

),

released as (

    select this_table.*

    from {{ this }} as this_table

    left semi join customers on this_table.customer_id = customers.customer_id

    left anti join newest on this_table.transaction_id = newest.transaction_id

    where this_table.quarantine_reason = 'orphan'

),
{% endif %}

candidates as (

    select
        newest.transaction_id,
        newest.customer_id,
        newest.transacted_at,
        newest.transacted_date,
        newest.transacted_hour,
        newest.product_category,
        newest.amount,
        newest.quantity,
        newest.payment_method,
        {% if is_incremental() %}
        concat(
            newest.customer_days,
            coalesce(known.superseded_customer_days, array()),
            case
                when known.transaction_id is null then array()
                else array(struct(known.customer_id, known.transacted_date))
            end
        ) as earlier_customer_days,
        {% else %}
        newest.customer_days as earlier_customer_days,
        {% endif %}
        newest._batch_id,
        newest._ingested_at,
        newest._source

    from newest

    {% if is_incremental() %}
    left join known on newest.transaction_id = known.transaction_id

    union all

    select
        transaction_id,
        customer_id,
        transacted_at,
        transacted_date,
        transacted_hour,
        product_category,
        amount,
        quantity,
        payment_method,
        coalesce(superseded_customer_days, array()) as earlier_customer_days,
        _batch_id,
        _ingested_at,
        _source

    from released
    {% endif %}

),

judged as (

    select
        candidates.*,
        customers.first_batch_id as customer_first_batch_id,
        case
            when candidates.customer_id is null
                then 'missing_customer'
            when candidates.transacted_at > candidates._ingested_at + interval 1 day
                then 'future_date'
            when candidates.transacted_date < date'{{ var('min_transaction_date') }}'
                then 'date_before_start'
            when abs(candidates.amount) > {{ var('max_line_amount') }}
                then 'amount_beyond_limit'
            when customers.customer_id is null
                then 'orphan'
        end as quarantine_reason

    from candidates

    left join customers on candidates.customer_id = customers.customer_id

)

select
    transaction_id,
    customer_id,
    transacted_at,
    transacted_date,
    transacted_hour,
    product_category,
    amount,
    quantity,
    payment_method,
    quarantine_reason,
    -- Hardly a line has been elsewhere: most need no set.
    case
        when earlier_customer_days != array(struct(customer_id, transacted_date))
            then nullif(
                sort_array(array_except(
                    earlier_customer_days, array(struct(customer_id, transacted_date))
                )),
                array()
            )
    end as superseded_customer_days,
    -- The batch that decided what this row says: its own, or the one that brought the
    -- customer that it had to wait for.
    greatest(_batch_id, customer_first_batch_id) as _changed_batch_id,
    _batch_id,
    _ingested_at,
    _source

from judged
