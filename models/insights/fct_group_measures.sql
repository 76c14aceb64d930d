-- Each group of customers against all others, by subject. The unit is the customer,
-- never the line: lines of one customer are alike, and counting them as independent
-- would find differences in noise.

with

customers as (

    select
        dim_customers.customer_id,
        dim_customers.age_band,
        dim_customers.gender,
        dim_customers.location,
        dim_customers.membership_level,
        dim_customers.net_revenue,
        churn.window_risk = 'High' as has_high_churn_risk,
        dim_customers.return_count > 0 as has_returns

    from {{ ref('dim_customers') }} as dim_customers

    inner join {{ ref('fct_customer_churn') }} as churn
        on dim_customers.customer_id = churn.customer_id

    where dim_customers.purchase_day_count > 0

),

grouped as (

    select
        group_type,
        group_name,
        net_revenue,
        has_high_churn_risk,
        has_returns

    from customers

        lateral view stack(
            4,
            'age_band', age_band,
            'gender', gender,
            'location', location,
            'membership_level', membership_level
        ) as group_type, group_name

    where group_name != 'unknown'

),

customer_sums as (

    select
        group_type,
        group_name,
        count(*) as customer_count,
        cast(sum(net_revenue) as decimal(18, 2)) as net_revenue,
        sum(cast(net_revenue as double)) as revenue_sum,
        sum(cast(net_revenue as double) * cast(net_revenue as double))
            as squared_revenue_sum,
        cast(count_if(has_high_churn_risk) as double) as churn_sum,
        cast(count_if(has_returns) as double) as returns_sum

    from grouped

    group by group_type, group_name

),

customer_measures as (

    select
        subject as topic,
        subject,
        test,
        group_type,
        group_name,
        customer_count,
        net_revenue,
        value_sum,
        squared_value_sum

    from customer_sums

        lateral view stack(
            3,
            'net_revenue', 'means', revenue_sum, squared_revenue_sum,
            'high_churn_risk', 'proportions', churn_sum, churn_sum,
            'has_returns', 'proportions', returns_sum, returns_sum
        ) as subject, test, value_sum, squared_value_sum

),

taste_measures as (

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

),

measures as (

    select * from customer_measures

    union all

    select * from taste_measures

),

totals as (

    select
        topic,
        subject,
        group_type,
        sum(customer_count) as customer_count,
        sum(value_sum) as value_sum,
        sum(squared_value_sum) as squared_value_sum

    from measures

    group by topic, subject, group_type

),

against_others as (

    select
        measures.topic,
        measures.subject,
        measures.test,
        measures.group_type,
        measures.group_name,
        measures.customer_count,
        measures.net_revenue,
        measures.value_sum,
        measures.squared_value_sum,
        totals.customer_count - measures.customer_count as other_customer_count,
        totals.value_sum - measures.value_sum as other_value_sum,
        totals.squared_value_sum - measures.squared_value_sum
            as other_squared_value_sum

    from measures

    inner join totals
        on
            measures.topic = totals.topic
            and measures.subject = totals.subject
            and measures.group_type = totals.group_type

)

select * from against_others
