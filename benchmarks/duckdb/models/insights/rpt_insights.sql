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

)

select
    concat_ws(' | ', topic, subject, group_type, group_name) as insight_id,
    topic,
    subject,
    group_type,
    group_name,
    case
        when topic = 'net_revenue'
            then concat(
                'C', substr(group_label, 2), ' brought ',
                format('{:,.2f}', group_value), ' each so far, against ',
                format('{:,.2f}', other_value), ' among the others'
            )
        when topic = 'high_churn_risk'
            then concat(
                format('{:,.1f}', 100 * group_value), ' % of ', group_label,
                ' are at high risk of churn, against ',
                format('{:,.1f}', 100 * other_value), ' % of the others'
            )
        when topic = 'has_returns'
            then concat(
                format('{:,.1f}', 100 * group_value), ' % of ', group_label,
                ' have returned something, against ',
                format('{:,.1f}', 100 * other_value), ' % of the others'
            )
        else concat(
            'C', substr(group_label, 2), ' put ',
            format('{:,.1f}', 100 * group_value),
            ' % of their purchase lines into ',
            replace(topic, '_', ' '), ' ', subject,
            ' (mean of customers), against ',
            format('{:,.1f}', 100 * other_value), ' % in the other segments'
        )
    end as statement,
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

from findings
