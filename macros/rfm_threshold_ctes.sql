{% macro rfm_threshold_ctes(buyers) -%}
-- Ascending in goodness: recent is good.
measures as (

    select
        as_of_date,
        measure,
        goodness,
        -- Two leading digits: in the order of the values, and some 90 a decade.
        sign(goodness)
        * floor(abs(goodness) / power(10, length(floor(abs(goodness))) - 2))
        * power(10, length(floor(abs(goodness))) - 2) as bucket

    from {{ buyers }}

        lateral view stack(
            3,
            'recency', cast(-recency_days as decimal(18, 2)),
            'frequency', cast(frequency as decimal(18, 2)),
            'monetary', monetary
        ) as measure, goodness

),

value_counts as (

    select
        as_of_date,
        measure,
        bucket,
        goodness,
        count(*) as customer_count

    from measures

    -- None is NULL. Said here, because a join below says so of its side only, and then
    -- Spark counts twice: once for it, once for the sums by bucket.
    where
        as_of_date is not null
        and measure is not null
        and bucket is not null

    group by as_of_date, measure, bucket, goodness

),

bucket_counts as (

    select
        as_of_date,
        measure,
        bucket,
        sum(customer_count) as customer_count

    from value_counts

    group by as_of_date, measure, bucket

),

running_buckets as (

    select
        as_of_date,
        measure,
        bucket,
        sum(customer_count) over (
            partition by as_of_date, measure order by bucket
        ) - customer_count as customers_below,
        customer_count,
        sum(customer_count) over (partition by as_of_date, measure)
            as customers_in_all

    from bucket_counts

),

-- q_k is the value at 0-based index ceil(k (n - 1) / 5) - 1 of the sorted values.
targets as (

    select
        as_of_date,
        measure,
        bucket,
        customers_below,
        customers_in_all,
        quintile,
        (quintile * (customers_in_all - 1) + 4) div 5 - 1 as target_index

    from running_buckets

        lateral view explode(array(1, 2, 3, 4)) as quintile

    where
        (quintile * (customers_in_all - 1) + 4) div 5 - 1 >= customers_below
        and (quintile * (customers_in_all - 1) + 4) div 5 - 1
        < customers_below + customer_count

),

running_values as (

    select
        targets.as_of_date,
        targets.measure,
        targets.quintile,
        targets.target_index,
        value_counts.goodness,
        targets.customers_below
        + sum(value_counts.customer_count) over (
            partition by targets.as_of_date, targets.measure, targets.quintile
            order by value_counts.goodness
        ) as customers_up_to_value

    from targets

    inner join value_counts
        on
            targets.as_of_date = value_counts.as_of_date
            and targets.measure = value_counts.measure
            and targets.bucket = value_counts.bucket

),

thresholds as (

    select
        as_of_date,
        measure,
        quintile,
        -- Back from goodness to days.
        case when measure = 'recency' then -min(goodness) else min(goodness) end
            as threshold

    from running_values

    where customers_up_to_value > target_index

    group by as_of_date, measure, quintile

),

populations as (

    select distinct
        as_of_date,
        measure,
        customers_in_all

    from running_buckets

),

rfm_thresholds as (

    select
        populations.as_of_date,
        populations.measure,
        populations.customers_in_all as customer_count,
        max(thresholds.threshold) filter (where thresholds.quintile = 1) as q1,
        max(thresholds.threshold) filter (where thresholds.quintile = 2) as q2,
        max(thresholds.threshold) filter (where thresholds.quintile = 3) as q3,
        max(thresholds.threshold) filter (where thresholds.quintile = 4) as q4

    from populations

    left join thresholds
        on
            populations.as_of_date = thresholds.as_of_date
            and populations.measure = thresholds.measure

    group by
        populations.as_of_date, populations.measure, populations.customers_in_all

)
{%- endmacro %}
