{{ config(
    materialized='incremental',
    unique_key='customer_id',
    post_hook='{{ compact() }}',
) }}

with

batches as (

    select * from {{ ref('stg_batches') }}

    where kind = 'customers'

),

deliveries as (

    select
        customers.*,
        {{ row_hash([
            'customers.age', 'customers.gender', 'customers.location',
            'customers.membership_level', 'customers.registration_date',
        ]) }} as row_hash

    from {{ source('raw', 'customers') }} as customers

    inner join batches on customers._batch_id = batches.batch_id

    {% if is_incremental() %}
    -- Batches are published in order, so this misses none, however late its rows.
    where customers._batch_id > {{ processed_through('_batch_id') }}
    {% endif %}

),

ranked as (

    select
        *,
        row_number() over (
            partition by customer_id
            order by _batch_id desc, row_hash desc
        ) as version_rank,
        min(_batch_id) over (partition by customer_id) as first_batch_id

    from deliveries

),

newest as (

    select * from ranked

    where version_rank = 1

)

{% if is_incremental() %}
,

known as (

    select
        customer_id,
        first_batch_id

    from {{ this }}

)
{% endif %}

select
    newest.customer_id,
    newest.age,
    coalesce(nullif(trim(newest.gender), ''), 'unknown') as gender,
    coalesce(nullif(trim(newest.location), ''), 'unknown') as location,
    coalesce(nullif(trim(newest.membership_level), ''), 'unknown') as membership_level,
    newest.registration_date,
    case
        when newest.age not between {{ var('min_age') }} and {{ var('max_age') }}
            then 'age_out_of_range'
        when
            newest.registration_date
            > date_add(cast(newest._ingested_at as date), 1)
            then 'registered_in_future'
    end as quarantine_reason,
    {% if is_incremental() %}
    coalesce(known.first_batch_id, newest.first_batch_id) as first_batch_id,
    {% else %}
    newest.first_batch_id,
    {% endif %}
    newest._batch_id,
    newest._ingested_at,
    newest._source

from newest

{% if is_incremental() %}
left join known on newest.customer_id = known.customer_id
{% endif %}
