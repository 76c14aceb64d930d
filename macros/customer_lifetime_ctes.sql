{% macro customer_lifetime_ctes(customer_days) -%}
dated_purchases as (

    select
        *,
        case when net_amount > 0 then activity_date end as purchase_date

    from {{ customer_days }}

),

spaced as (

    select
        *,
        datediff(
            purchase_date,
            last_value(purchase_date) ignore nulls over (
                partition by customer_id
                order by activity_date
                rows between unbounded preceding and 1 preceding
            )
        ) as gap_days

    from dated_purchases

),

counted_lifetimes as (

    select
        customer_id,
        min(activity_date) as first_activity_date,
        max(activity_date) as last_activity_date,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        count(purchase_date) as purchase_day_count,
        count_if(purchase_date is not null and weekday(activity_date) >= 5)
            as weekend_purchase_day_count,
        sum(line_count) as line_count,
        sum(purchase_line_count) as transaction_count,
        sum(return_line_count) as return_count,
        cast(sum(gross_amount) as decimal(18, 2)) as gross_revenue,
        cast(sum(returned_amount) as decimal(18, 2)) as returned_revenue,
        cast(sum(net_amount) as decimal(18, 2)) as net_revenue,
        sum(night_line_count) as night_line_count,
        sum(morning_line_count) as morning_line_count,
        sum(afternoon_line_count) as afternoon_line_count,
        sum(evening_line_count) as evening_line_count,
        -- Bit 0 is Monday; the hours are those of Mondays first.
        bit_or(if(
            purchase_date is null, 0, shiftleft(1, weekday(activity_date))
        )) as purchase_weekdays,
        bit_or(purchase_hours) as purchase_hours,
        array(
            {%- for weekday in range(7) %}
            bit_or(if(weekday(activity_date) = {{ weekday }}, purchase_hours, 0))
            {{- ',' if not loop.last }}
            {%- endfor %}
        ) as purchase_weekday_hours,
        count(gap_days) as gap_count,
        sort_array(collect_list(gap_days)) as gaps_in_days,
        avg(gap_days) as mean_gap_days,
        max(_changed_batch_id) as _changed_batch_id

    from spaced

    group by customer_id

),

customer_lifetimes as (

    select
        *,
        -- The middle gap, or the mean of the two in the middle.
        (
            get(gaps_in_days, cast((gap_count - 1) div 2 as int))
            + get(gaps_in_days, cast(gap_count div 2 as int))
        ) / 2.0d as median_gap_days

    from counted_lifetimes

)
{%- endmacro %}
