with

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

    from {{ source('ml', 'persona_centroids') }} as centroids

    inner join {{ ref('stg_persona_runs') }} as runs
        on
            centroids.run_id = runs.run_id
            and runs.is_newest

    inner join {{ source('ml', 'persona_features') }} as features
        on
            centroids.run_id = features.run_id
            and centroids.feature = features.feature

),

customers_by_segment as (

    select
        customer_personas.persona_id,
        customer_rfm.segment,
        count(*) as customer_count

    from {{ ref('fct_customer_personas') }} as customer_personas

    inner join {{ ref('fct_customer_rfm') }} as customer_rfm
        on customer_personas.customer_id = customer_rfm.customer_id

    group by customer_personas.persona_id, customer_rfm.segment

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
        concat('segment:', segments.segment) as feature,
        coalesce(customers_by_segment.customer_count, 0)
        / sum(customers_by_segment.customer_count) over segments_of_persona
            as persona_mean,
        segments.customer_count / sum(segments.customer_count) over segments_of_persona
            as population_mean

    from {{ ref('dim_personas') }} as personas

    cross join segments

    left join customers_by_segment
        on
            personas.persona_id = customers_by_segment.persona_id
            and segments.segment = customers_by_segment.segment

    window segments_of_persona as (partition by personas.persona_id)

),

profiles as (

    select * from trained_on

    union all by name

    select
        *,
        'segment' as block,
        false as is_trained_on

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

inner join {{ ref('dim_personas') }} as personas
    on profiles.persona_id = personas.persona_id
