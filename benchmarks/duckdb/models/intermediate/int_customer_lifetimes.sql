select
    customer_id,
    min(activity_date) as first_activity_date,
    min(activity_date) filter (net_amount > 0) as first_purchase_date,
    max(activity_date) filter (net_amount > 0) as last_purchase_date,
    count(*) filter (net_amount > 0) as purchase_day_count,
    count(*) filter (net_amount > 0 and isodow(activity_date) >= 6)
        as weekend_purchase_day_count,
    cast(sum(purchase_line_count) as bigint) as transaction_count,
    cast(sum(return_line_count) as bigint) as return_count,
    cast(sum(gross_amount) as decimal(18, 2)) as gross_revenue,
    cast(sum(gross_amount) - sum(net_amount) as decimal(18, 2)) as returned_revenue,
    cast(sum(net_amount) as decimal(18, 2)) as net_revenue,
    cast(sum(night_line_count) as bigint) as night_line_count,
    cast(sum(morning_line_count) as bigint) as morning_line_count,
    cast(sum(afternoon_line_count) as bigint) as afternoon_line_count,
    cast(sum(evening_line_count) as bigint) as evening_line_count,
    -- Bit 1 is Monday.
    bit_or(if(net_amount > 0, 1 << isodow(activity_date), 0)) as purchase_weekdays,
    -- The hours of each weekday, Mondays first. A day of more returns than purchases
    -- may have an hour in which a purchase counts.
    [
        {%- for weekday in range(1, 8) %}
        bit_or(if(isodow(activity_date) = {{ weekday }}, purchase_hours, 0))
        {{- ',' if not loop.last }}
        {%- endfor %}
    ] as purchase_weekday_hours,
    avg(gap_days) as mean_gap_days,
    median(gap_days) as median_gap_days

from {{ ref('int_customer_days') }}

where activity_date < {{ as_of_date() }}

group by customer_id
