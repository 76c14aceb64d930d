with

measures as (

    select * from {{ ref('fct_group_measures') }}

),

averaged as (

    select
        *,
        value_sum / nullif(customer_count, 0) as group_value,
        other_value_sum / nullif(other_customer_count, 0) as other_value,
        (value_sum + other_value_sum)
        / nullif(customer_count + other_customer_count, 0) as pooled_value,
        greatest(
            (squared_value_sum - value_sum * value_sum / nullif(customer_count, 0))
            / nullif(customer_count - 1, 0),
            0
        ) as group_variance,
        greatest(
            (
                other_squared_value_sum
                - other_value_sum * other_value_sum / nullif(other_customer_count, 0)
            ) / nullif(other_customer_count - 1, 0),
            0
        ) as other_variance

    from measures

),

-- Two proportions: the pooled z-test. Two means: Welch's, variances being unequal.
tested as (

    select
        *,
        (group_value - other_value) / nullif(
            case test
                when 'proportions'
                    then sqrt(
                        pooled_value
                        * (1 - pooled_value)
                        * (customer_count + other_customer_count)
                        / nullif(customer_count * other_customer_count, 0)
                    )
                else sqrt(
                    group_variance / nullif(customer_count, 0)
                    + other_variance / nullif(other_customer_count, 0)
                )
            end,
            0
        ) as z_score

    from averaged

)

select
    topic,
    subject,
    group_type,
    group_name,
    test,
    customer_count,
    other_customer_count,
    group_value,
    other_value,
    group_value - other_value as change,
    z_score,
    net_revenue,
    coalesce(
        abs(z_score) >= {{ var('insight_min_z') }}
        and least(customer_count, other_customer_count)
        >= {{ var('insight_min_customers') }}
        -- With fewer than five expected on either side a proportion is not yet normal.
        and (
            test = 'means'
            or least(customer_count, other_customer_count)
            * least(pooled_value, 1 - pooled_value) >= 5
        ),
        false
    ) as has_evidence

from tested
