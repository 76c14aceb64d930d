with

customers as (

    select
        dim_customers.age_band,
        dim_customers.gender,
        dim_customers.location,
        dim_customers.membership_level,
        dim_customers.net_revenue,
        cast(dim_customers.net_revenue as double) as revenue,
        churn.window_risk = 'High' as has_high_churn_risk,
        dim_customers.return_count > 0 as has_returns

    from {{ ref('dim_customers') }} as dim_customers

    inner join {{ ref('fct_customer_churn') }} as churn
        on dim_customers.customer_id = churn.customer_id

    where dim_customers.purchase_day_count > 0

),

customer_sums as (

    {% for attribute in ['age_band', 'gender', 'location', 'membership_level'] -%}
    select
        '{{ attribute }}' as group_type,
        {{ attribute }} as group_name,
        count(*) as customer_count,
        sum(net_revenue) as net_revenue,
        sum(revenue) as revenue_sum,
        sum(revenue * revenue) as squared_revenue_sum,
        cast(count(*) filter (has_high_churn_risk) as double) as churn_sum,
        cast(count(*) filter (has_returns) as double) as returns_sum

    from customers

    where {{ attribute }} != 'unknown'

    group by {{ attribute }}
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

measures as (

    {% for subject, test, value_sum, squared_value_sum in [
        ('net_revenue', 'means', 'revenue_sum', 'squared_revenue_sum'),
        ('high_churn_risk', 'proportions', 'churn_sum', 'churn_sum'),
        ('has_returns', 'proportions', 'returns_sum', 'returns_sum'),
    ] -%}
    select
        '{{ subject }}' as topic,
        '{{ subject }}' as subject,
        '{{ test }}' as test,
        group_type,
        group_name,
        customer_count,
        net_revenue,
        {{ value_sum }} as value_sum,
        {{ squared_value_sum }} as squared_value_sum

    from customer_sums

    union all

    {% endfor -%}
    select
        attribute as topic,
        attribute_value as subject,
        'means' as test,
        'segment' as group_type,
        segment as group_name,
        base_customer_count as customer_count,
        net_revenue,
        share_sum as value_sum,
        squared_share_sum as squared_value_sum

    from {{ ref('fct_segment_preferences') }}

    where attribute_value != 'unknown'

)

select
    topic,
    subject,
    test,
    group_type,
    group_name,
    customer_count,
    cast(net_revenue as decimal(18, 2)) as net_revenue,
    value_sum,
    squared_value_sum,
    cast(sum(customer_count) over all_groups - customer_count as bigint)
        as other_customer_count,
    sum(value_sum) over all_groups - value_sum as other_value_sum,
    sum(squared_value_sum) over all_groups - squared_value_sum
        as other_squared_value_sum

from measures

window all_groups as (partition by topic, subject, group_type)
