with

trainings as (

    select
        *,
        rank() over (order by run_id desc) as recency

    from personas.rpt_persona_drift

)

select
    feature,
    replace(replace(feature, '_', ' '), ':', ': ') as feature_name,
    population_stability_index,
    drift,
    common_customer_count,
    share_of_customers_moved

from trainings

where recency = 1

order by population_stability_index desc, feature asc

limit 10
