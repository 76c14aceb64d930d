with

deliveries as (

    select customers.*

    from {{ source('raw', 'customers') }} as customers

    semi join {{ source('raw', 'batches') }} as batches
        on
            customers._batch_id = batches._batch_id
            and batches.kind = 'customers'

),

-- Few customers come twice: only those are worth a sort.
repeated as (

    select
        customer_id,
        min(_batch_id) as first_batch_id

    from deliveries

    group by customer_id

    having count(*) > 1

),

newest as (

    select
        deliveries.*,
        deliveries._batch_id as first_batch_id

    from deliveries

    anti join repeated on deliveries.customer_id = repeated.customer_id

    union all

    select
        deliveries.*,
        repeated.first_batch_id

    from deliveries

    inner join repeated on deliveries.customer_id = repeated.customer_id

    qualify
        row_number() over (
            partition by deliveries.customer_id
            order by
                deliveries._batch_id desc,
                sha256(concat_ws(
                    chr(31),
                    coalesce(cast(deliveries.age as varchar), chr(0)),
                    coalesce(deliveries.gender, chr(0)),
                    coalesce(deliveries.location, chr(0)),
                    coalesce(deliveries.membership_level, chr(0)),
                    coalesce(cast(deliveries.registration_date as varchar), chr(0))
                )) desc
        ) = 1

)

select
    customer_id,
    age,
    coalesce(nullif(trim(gender), ''), 'unknown') as gender,
    coalesce(nullif(trim(location), ''), 'unknown') as location,
    coalesce(nullif(trim(membership_level), ''), 'unknown') as membership_level,
    registration_date,
    case
        when age not between {{ var('min_age') }} and {{ var('max_age') }}
            then 'age_out_of_range'
        when registration_date > cast(_ingested_at as date) + 1
            then 'registered_in_future'
    end as quarantine_reason,
    first_batch_id,
    _batch_id

from newest
