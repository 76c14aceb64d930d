with

personas as (

    select * from {{ ref('stg_personas') }}

    where is_newest

),

runs as (

    select * from {{ ref('stg_persona_runs') }}

),

customer_personas as (

    select * from {{ ref('fct_customer_personas') }}

),

customers as (

    select * from {{ ref('fct_customer_features') }}

),

centroids as (

    select
        persona_id,
        map_from_entries(sort_array(collect_list(struct(feature, persona_typical))))
            as centroid

    from {{ ref('stg_persona_centroids') }}

    where
        is_newest
        and persona_typical is not null

    group by persona_id

),

customers_by_persona as (

    select
        customer_personas.persona_id,
        count(*) as customer_count,
        coalesce(sum(customers.monetary), 0) as net_revenue,
        sum(customers.frequency) as purchase_day_count,
        avg(customers.recency_days) as average_recency_days,
        avg(customers.frequency) as average_frequency

    from customer_personas

    left join customers on customer_personas.customer_id = customers.customer_id

    group by customer_personas.persona_id

)

select
    personas.persona_id,
    personas.persona_name,
    personas.naming_reason,
    coalesce(customers_by_persona.customer_count, 0) as customer_count,
    customers_by_persona.customer_count
    / sum(customers_by_persona.customer_count) over () as share_of_customers,
    cast(coalesce(customers_by_persona.net_revenue, 0) as decimal(18, 2))
        as net_revenue,
    cast(customers_by_persona.net_revenue as double)
    / nullif(sum(customers_by_persona.net_revenue) over (), 0) as share_of_revenue,
    customers_by_persona.average_recency_days,
    customers_by_persona.average_frequency,
    cast(
        customers_by_persona.net_revenue
        / nullif(customers_by_persona.customer_count, 0) as decimal(18, 2)
    ) as average_monetary,
    cast(
        customers_by_persona.net_revenue
        / nullif(customers_by_persona.purchase_day_count, 0) as decimal(18, 2)
    ) as average_basket,
    centroids.centroid,
    runs.has_structure,
    personas.run_id,
    runs.as_of_date

from personas

inner join runs on personas.run_id = runs.run_id

left join centroids on personas.persona_id = centroids.persona_id

left join customers_by_persona
    on personas.persona_id = customers_by_persona.persona_id
