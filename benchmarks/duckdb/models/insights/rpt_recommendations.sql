with

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

changes as (

    select
        segment,
        sum(customer_change) as customer_change

    from (
        select
            to_segment as segment,
            customer_count as customer_change
        from last_pair

        union all

        select
            from_segment as segment,
            -customer_count as customer_change
        from last_pair
    )

    group by segment

)

select
    concat('segment | ', segments.segment) as recommendation_id,
    playbook.rule_type,
    segments.segment as audience,
    playbook.advice,
    playbook.channel,
    cast(playbook.priority as int) as priority,
    segments.customer_count,
    cast(segments.average_monetary as double) as evidence_value,
    cast(changes.customer_change as double) as change,
    segments.net_revenue,
    concat(
        format('{:,}', segments.customer_count), ' customers with net revenue ',
        format('{:,.2f}', segments.net_revenue), ', ',
        format('{:,.2f}', segments.average_monetary), ' each',
        '; ' || printf('%+,d', cast(changes.customer_change as bigint))
        || ' customers in the last full month'
    ) as evidence,
    'rpt_rfm_segments' as source_model,
    concat(
        'method = ''quintile'' and segment = ', {{ sql_literal('segments.segment') }}
    ) as source_filter

from {{ source('seeds', 'recommendation_playbook') }} as playbook

inner join {{ ref('rpt_rfm_segments') }} as segments
    on
        playbook.to_segment = segments.segment
        and segments.method = 'quintile'

left join changes on segments.segment = changes.segment

where
    playbook.rule_type = 'segment'
    and segments.customer_count >= {{ var('insight_min_customers') }}

union all

select
    concat('movement | ', last_pair.from_segment, ' | ', last_pair.to_segment)
        as recommendation_id,
    playbook.rule_type,
    concat(last_pair.from_segment, ' who became ', last_pair.to_segment) as audience,
    playbook.advice,
    playbook.channel,
    cast(playbook.priority as int) as priority,
    last_pair.customer_count,
    last_pair.customer_count / last_pair.from_customer_count as evidence_value,
    last_pair.customer_count / last_pair.from_customer_count
    - pair_before.customer_count / pair_before.from_customer_count as change,
    last_pair.net_revenue,
    concat(
        format('{:,}', last_pair.customer_count), ' customers (',
        format(
            '{:,.1f}', 100 * last_pair.customer_count / last_pair.from_customer_count
        ),
        ' % of the segment) with net revenue ',
        format('{:,.2f}', last_pair.net_revenue), ' moved in the last full month'
    ) as evidence,
    'rpt_segment_migration' as source_model,
    concat(
        'month_end_date = ''', last_pair.month_end_date, ''' and from_segment = ',
        {{ sql_literal('last_pair.from_segment') }}, ' and to_segment = ',
        {{ sql_literal('last_pair.to_segment') }}
    ) as source_filter

from {{ source('seeds', 'recommendation_playbook') }} as playbook

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
