with

runs as (

    select
        *,
        moved_customer_count / nullif(common_customer_count, 0)
            as share_of_customers_moved

    from {{ ref('stg_persona_runs') }}

    where previous_run_id is not null

),

bins as (

    select
        bins.*,
        -- Half a customer more in each bin: an empty one would make it infinite.
        (bins.customer_count + cast(0.5 as double))
        / sum(bins.customer_count + cast(0.5 as double)) over (
            partition by bins.run_id, bins.edges_run_id, bins.feature
        ) as share_of_customers

    from {{ source('ml', 'persona_feature_bins') }} as bins

    semi join {{ ref('stg_persona_runs') }} as published
        on bins.run_id = published.run_id

),

-- Both runs in bins that end at the deciles of the earlier one.
compared as (

    select
        bins.run_id,
        bins.feature,
        sum(
            (bins.share_of_customers - previous_bins.share_of_customers)
            * ln(bins.share_of_customers / previous_bins.share_of_customers)
        ) as population_stability_index

    from bins

    inner join bins as previous_bins
        on
            bins.edges_run_id = previous_bins.run_id
            and bins.edges_run_id = previous_bins.edges_run_id
            and bins.feature = previous_bins.feature
            and bins.bin = previous_bins.bin

    where bins.run_id != bins.edges_run_id

    group by bins.run_id, bins.feature

),

all_features as (

    select
        runs.run_id,
        features.feature,
        features.block,
        count(*) filter (features.run_id = runs.run_id) = 1 as is_there,
        count(*) filter (features.run_id = runs.previous_run_id) = 1 as was_there

    from runs

    inner join {{ source('ml', 'persona_features') }} as features
        on features.run_id in (runs.run_id, runs.previous_run_id)

    semi join {{ ref('stg_persona_runs') }} as published
        on features.run_id = published.run_id

    group by runs.run_id, features.feature, features.block

)

select
    runs.run_id,
    runs.previous_run_id,
    runs.as_of_date,
    all_features.feature,
    all_features.block,
    compared.population_stability_index,
    case
        when not all_features.was_there then 'new'
        when not all_features.is_there then 'gone'
        when compared.population_stability_index is null then 'unknown'
        when
            compared.population_stability_index >= {{ var('drift_major_psi') }}
            then 'major'
        when
            compared.population_stability_index >= {{ var('drift_moderate_psi') }}
            then 'moderate'
        else 'stable'
    end as drift,
    runs.common_customer_count,
    runs.moved_customer_count,
    runs.share_of_customers_moved

from runs

inner join all_features on runs.run_id = all_features.run_id

left join compared
    on
        all_features.run_id = compared.run_id
        and all_features.feature = compared.feature
