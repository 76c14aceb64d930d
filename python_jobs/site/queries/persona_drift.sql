select
    feature,
    population_stability_index,
    drift,
    common_customer_count,
    share_of_customers_moved

from personas.rpt_persona_drift

where run_id = (select max(run_id) from personas.rpt_persona_drift)

order by population_stability_index desc, feature

limit 10
