-- Guards the direction of the scores: 5 is best. A map read the wrong way round calls
-- the worst customers the best, and every other test still passes.
with

segments as (

    select * from {{ ref('rpt_rfm_segments') }}

),

champions as (

    select * from segments

    where segment = 'Champions'

),

lost as (

    select * from segments

    where segment = 'Lost'

)

select
    champions.method,
    champions.average_recency_days,
    lost.average_recency_days as lost_average_recency_days

from champions

inner join lost on champions.method = lost.method

where
    champions.average_recency_days >= lost.average_recency_days
    or champions.average_frequency <= lost.average_frequency
    or champions.average_monetary <= lost.average_monetary
