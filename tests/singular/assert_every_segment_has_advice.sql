-- A rule that names no segment, and a segment that no rule names, would both pass in
-- silence: no line of the report would come of them.
with

segments as (

    select segment from {{ ref('dim_segments') }}

    where is_quintile_segment

),

named as (

    select to_segment as segment

    from {{ ref('recommendation_playbook') }}

    union all

    select from_segment as segment

    from {{ ref('recommendation_playbook') }}

    where from_segment is not null

),

advised as (

    select to_segment as segment

    from {{ ref('recommendation_playbook') }}

    where rule_type = 'segment'

)

select
    segments.segment,
    'no advice for this segment' as what_is_wrong

from segments

left anti join advised on segments.segment = advised.segment

union all

select
    named.segment,
    'a rule for a segment that is not on the map' as what_is_wrong

from named

left anti join segments on named.segment = segments.segment
