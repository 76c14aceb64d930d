-- The features in which the personas differ most.
with

features as (

    select
        feature,
        max(abs(effect)) as largest_effect

    from personas.rpt_persona_profiles

    where is_trained_on

    group by feature

    order by largest_effect desc, feature asc

    limit 16

)

select
    profiles.persona_id,
    profiles.persona_name,
    profiles.feature,
    -- payment_shares:cash is "payment shares: cash" on the page.
    replace(replace(profiles.feature, '_', ' '), ':', ': ') as feature_name,
    profiles.block,
    profiles.persona_mean,
    profiles.population_mean,
    profiles.effect,
    abs(profiles.effect)
    = max(abs(profiles.effect)) over () as is_largest

from personas.rpt_persona_profiles as profiles

inner join features on profiles.feature = features.feature

order by features.largest_effect desc, profiles.feature asc, profiles.persona_id asc
