with

playbook as (

    select * from {{ ref('recommendation_playbook') }}

),

segments as (

    select * from {{ ref('rpt_rfm_segments') }}

    where method = 'quintile'

),

migration as (

    select
        *,
        dense_rank() over (order by month_end_date desc) as months_back,
        sum(customer_count) over (partition by month_end_date, from_segment)
            as from_customer_count

    from {{ ref('rpt_segment_migration') }}

),

last_pair as (

    select * from migration

    where months_back = 1

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
        concat('movement | ', last_pair.from_segment, ' | ', last_pair.to_segment)
            as recommendation_id,
        playbook.rule_type,
        concat(last_pair.from_segment, ' who became ', last_pair.to_segment)
            as audience,
        playbook.advice,
        playbook.channel,
        playbook.priority,
        last_pair.customer_count,
        last_pair.customer_count / last_pair.from_customer_count as evidence_value,
        last_pair.customer_count / last_pair.from_customer_count
        - pair_before.customer_count / pair_before.from_customer_count as change,
        last_pair.net_revenue,
        concat(
            format_number(last_pair.customer_count, 0), ' customers (',
            format_number(
                100 * last_pair.customer_count / last_pair.from_customer_count, 1
            ),
            ' % of the segment) with net revenue ',
            format_number(last_pair.net_revenue, 2), ' moved in the last full month'
        ) as evidence,
        'rpt_segment_migration' as source_model,
        concat(
            'month_end_date = ''', last_pair.month_end_date, ''' and from_segment = ',
            {{ sql_literal('last_pair.from_segment') }}, ' and to_segment = ',
            {{ sql_literal('last_pair.to_segment') }}
        ) as source_filter

    from playbook

    inner join last_pair
        on
            playbook.from_segment = last_pair.from_segment
            and playbook.to_segment = last_pair.to_segment

    left join migration as pair_before
        on
            last_pair.from_segment = pair_before.from_segment
            and last_pair.to_segment = pair_before.to_segment
            and pair_before.months_back = 2

    where
        playbook.rule_type = 'movement'
        and last_pair.customer_count >= {{ var('insight_min_customers') }}

)

select * from segment_recommendations

union all

select * from movement_recommendations
