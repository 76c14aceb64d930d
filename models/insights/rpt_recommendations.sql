with

playbook as (

    select * from {{ ref('recommendation_playbook') }}

),

segments as (

    select * from {{ ref('rpt_rfm_segments') }}

    where method = 'quintile'

),

movements as (

    select * from {{ ref('rpt_insights') }}

    where
        topic = 'movement'
        and is_higher

),

migration as (

    select
        *,
        max(month_end_date) over () as last_month_end_date

    from {{ ref('rpt_segment_migration') }}

),

last_pair as (

    select * from migration

    where month_end_date = last_month_end_date

),

arrivals as (

    select
        to_segment as segment,
        sum(customer_count) as customer_change

    from last_pair

    group by to_segment

    union all

    select
        from_segment as segment,
        -sum(customer_count) as customer_change

    from last_pair

    group by from_segment

),

changes as (

    select
        segment,
        sum(customer_change) as customer_change

    from arrivals

    group by segment

),

segment_recommendations as (

    select
        concat('segment | ', segments.segment) as recommendation_id,
        playbook.rule_type,
        segments.segment as audience,
        playbook.advice,
        playbook.channel,
        playbook.priority,
        segments.customer_count,
        cast(segments.average_monetary as double) as evidence_value,
        cast(changes.customer_change as double) as change,
        cast(null as double) as z_score,
        segments.net_revenue,
        concat(
            format_number(segments.customer_count, 0), ' customers with net revenue ',
            format_number(segments.net_revenue, 2), ', ',
            format_number(segments.average_monetary, 2), ' each',
            coalesce(
                concat(
                    '; ', format_string('%+,d', changes.customer_change),
                    ' customers in the last full month'
                ),
                ''
            )
        ) as evidence,
        'rpt_rfm_segments' as source_model,
        concat(
            'method = ''quintile'' and segment = ',
            {{ sql_literal('segments.segment') }}
        ) as source_filter

    from playbook

    inner join segments on playbook.to_segment = segments.segment

    left join changes on segments.segment = changes.segment

    where
        playbook.rule_type = 'segment'
        and segments.customer_count >= {{ var('insight_min_customers') }}

),

movement_recommendations as (

    select
        concat('movement | ', movements.group_name, ' | ', movements.subject)
            as recommendation_id,
        playbook.rule_type,
        concat(movements.group_name, ' who became ', movements.subject) as audience,
        playbook.advice,
        playbook.channel,
        playbook.priority,
        movements.customer_count,
        movements.group_value as evidence_value,
        movements.change,
        movements.z_score,
        movements.net_revenue,
        movements.statement as evidence,
        movements.source_model,
        movements.source_filter

    from playbook

    inner join movements
        on
            playbook.from_segment = movements.group_name
            and playbook.to_segment = movements.subject

    where playbook.rule_type = 'movement'

)

select * from segment_recommendations

union all

select * from movement_recommendations
