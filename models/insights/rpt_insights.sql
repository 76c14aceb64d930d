with

findings as (

    select
        *,
        case group_type
            when 'segment' then concat('customers of the segment ', group_name)
            else concat(
                'customers with ', replace(group_type, '_', ' '), ' ', group_name
            )
        end as group_label

    from {{ ref('fct_comparisons') }}

    where has_evidence

),

worded as (

    select
        *,
        case
            when topic = 'net_revenue'
                then concat(
                    'C', substr(group_label, 2), ' brought ',
                    format_number(group_value, 2), ' each so far, against ',
                    format_number(other_value, 2), ' among the others'
                )
            when topic = 'high_churn_risk'
                then concat(
                    format_number(100 * group_value, 1), ' % of ', group_label,
                    ' are at high risk of churn, against ',
                    format_number(100 * other_value, 1), ' % of the others'
                )
            when topic = 'has_returns'
                then concat(
                    format_number(100 * group_value, 1), ' % of ', group_label,
                    ' have returned something, against ',
                    format_number(100 * other_value, 1), ' % of the others'
                )
            else concat(
                'C', substr(group_label, 2), ' put ',
                format_number(100 * group_value, 1),
                ' % of their purchase lines into ',
                replace(topic, '_', ' '), ' ', subject,
                ' (mean of customers), against ',
                format_number(100 * other_value, 1), ' % in the other segments'
            )
        end as statement

    from findings

)

select
    concat_ws(' | ', topic, subject, group_type, group_name) as insight_id,
    topic,
    subject,
    group_type,
    group_name,
    statement,
    change > 0 as is_higher,
    customer_count,
    other_customer_count,
    group_value,
    other_value,
    change,
    z_score,
    net_revenue,
    'fct_comparisons' as source_model,
    concat(
        'topic = ', {{ sql_literal('topic') }},
        ' and subject = ', {{ sql_literal('subject') }},
        ' and group_type = ', {{ sql_literal('group_type') }},
        ' and group_name = ', {{ sql_literal('group_name') }}
    ) as source_filter

from worded
