-- Nobody is lost between staging and the marts: whoever is missing from dim_customers
-- was not known yet at the as-of date, and everybody in it has one RFM row.
with

known as (

    select customer_id

    from {{ ref('stg_customers_resolved') }}

),

not_yet_known as (

    select known.customer_id

    from known

    left join {{ ref('stg_customers') }} as customers
        on known.customer_id = customers.customer_id

    left join {{ ref('int_customer_lifetimes') }} as lifetimes
        on known.customer_id = lifetimes.customer_id

    where
        coalesce(
            least(customers.registration_date, lifetimes.first_activity_date)
            >= {{ as_of_date() }},
            {{ as_of_date() }} is null
        )

),

expected as (

    select known.customer_id

    from known

    left anti join not_yet_known on known.customer_id = not_yet_known.customer_id

)

select
    expected.customer_id,
    dim_customers.customer_id as dim_customer_id,
    customer_rfm.customer_id as rfm_customer_id

from expected

full outer join {{ ref('dim_customers') }} as dim_customers
    on expected.customer_id = dim_customers.customer_id

full outer join {{ ref('fct_customer_rfm') }} as customer_rfm
    on dim_customers.customer_id = customer_rfm.customer_id

where
    expected.customer_id is null
    or dim_customers.customer_id is null
    or customer_rfm.customer_id is null
