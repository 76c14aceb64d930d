with

centroids as (

    select * from {{ ref('stg_persona_centroids') }}

    where is_newest

),

features as (

    select * from {{ ref('stg_persona_features') }}

    where is_newest

),

personas as (

    select * from {{ ref('dim_personas') }}

),

trained_on as (

    select
        centroids.persona_id,
        centroids.feature,
        features.block,
        true as is_trained_on,
        centroids.persona_typical as centroid_value,
        features.population_typical,
        centroids.persona_mean,
        features.population_mean,
        centroids.effect

    from centroids

    inner join features on centroids.feature = features.feature

),

customers as (

    select
        customer_personas.persona_id,
        customer_rfm.segment

    from {{ ref('fct_customer_personas') }} as customer_personas

    inner join {{ ref('fct_customer_rfm') }} as customer_rfm
        on customer_personas.customer_id = customer_rfm.customer_id

),

customers_by_segment as (

    select
        persona_id,
        segment,
        count(*) as customer_count

    from customers

    group by persona_id, segment

),

segments as (

    select
        segment,
        sum(customer_count) as customer_count

    from customers_by_segment

    group by segment

),

-- Where the persona stands in the RFM segments of today: told, not trained on.
segment_shares as (

    select
        personas.persona_id,
        segments.segment,
        coalesce(customers_by_segment.customer_count, 0)
        / sum(customers_by_segment.customer_count)
            over (partition by personas.persona_id) as persona_mean,
        segments.customer_count
        / sum(segments.customer_count) over (partition by personas.persona_id)
            as population_mean

    from personas

    cross join segments

    left join customers_by_segment
        on
            personas.persona_id = customers_by_segment.persona_id
            and segments.segment = customers_by_segment.segment

),

profiles as (

    select * from trained_on

    union all

    select
        persona_id,
        concat('segment:', segment) as feature,
        'segment' as block,
        false as is_trained_on,
        cast(null as double) as centroid_value,
        cast(null as double) as population_typical,
        persona_mean,
        population_mean,
        cast(null as double) as effect

    from segment_shares

)

select
    profiles.persona_id,
    personas.persona_name,
    profiles.feature,
    profiles.block,
    profiles.is_trained_on,
    profiles.centroid_value,
    profiles.population_typical,
    profiles.persona_mean,
    profiles.population_mean,
    profiles.persona_mean - profiles.population_mean as difference,
    100 * profiles.persona_mean / nullif(profiles.population_mean, 0) as mean_index,
    profiles.effect,
    personas.run_id

from profiles

inner join personas on profiles.persona_id = personas.persona_id
