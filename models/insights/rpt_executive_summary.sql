{%- set placeholders = {
    'month': 'period_start_date',
    'month_end': 'period_end_date',
    'previous_month': 'add_months(period_start_date, -1)',
    'active_days': "'" ~ var('active_days') ~ "'",
    'marts': "'" ~ ref('dim_customers').schema ~ "'",
} -%}

with

history as (

    select last_day(max(calendar_date)) as last_month_end_date

    from {{ ref('fct_daily_sales') }}

    where transaction_count + return_count > 0

),

months as (

    select
        cast(trunc(sales.calendar_date, 'MM') as date) as period_start_date,
        last_day(sales.calendar_date) as period_end_date,
        max(sales.calendar_date) = last_day(sales.calendar_date) as is_complete,
        cast(sum(sales.net_revenue) as decimal(18, 2)) as net_revenue,
        cast(sum(sales.gross_revenue) as decimal(18, 2)) as gross_revenue,
        cast(sum(sales.returned_revenue) as decimal(18, 2)) as returned_revenue

    from {{ ref('fct_daily_sales') }} as sales

    inner join history on sales.calendar_date <= history.last_month_end_date

    group by trunc(sales.calendar_date, 'MM'), last_day(sales.calendar_date)

),

purchase_months as (

    select
        customer_id,
        month_start_date,
        lag(month_start_date) over (
            partition by customer_id order by month_start_date
        ) as previous_purchase_month

    from {{ ref('fct_customer_months') }}

    where purchase_day_count > 0

),

customers_by_month as (

    select
        month_start_date,
        count(*) as customers,
        count_if(previous_purchase_month is null) as new_customers,
        count_if(previous_purchase_month is not null) as returning_customers,
        count_if(previous_purchase_month = add_months(month_start_date, -1))
            as retained_customers

    from purchase_months

    group by month_start_date

),

-- Month ends that lie in the past, and the as-of date where the month still runs.
states as (

    select
        month_end_date as period_end_date,
        recency_days

    from {{ ref('fct_customer_rfm_monthly') }}

    union all

    select
        last_day(date_sub(as_of_date, 1)) as period_end_date,
        recency_days

    from {{ ref('dim_customers') }}

    where
        day(as_of_date) != 1
        and known_since_date is not null

),

customers_by_state as (

    select
        period_end_date,
        count(*) as known_customers,
        count_if(recency_days <= {{ var('active_days') }}) as active_customers

    from states

    group by period_end_date

),

measured as (

    select
        months.period_start_date,
        months.period_end_date,
        months.is_complete,
        months.net_revenue,
        coalesce(customers_by_month.customers, 0) as customers,
        coalesce(customers_by_month.new_customers, 0) as new_customers,
        coalesce(customers_by_month.returning_customers, 0) as returning_customers,
        months.net_revenue / customers_by_month.customers as average_value,
        months.returned_revenue / nullif(months.gross_revenue, 0) as returns_rate,
        coalesce(customers_by_month.retained_customers, 0)
        / lag(customers_by_month.customers) over (order by months.period_start_date)
            as retention_rate,
        customers_by_state.known_customers,
        customers_by_state.active_customers

    from months

    left join customers_by_month
        on months.period_start_date = customers_by_month.month_start_date

    left join customers_by_state
        on months.period_end_date = customers_by_state.period_end_date

),

metric_values as (

    select
        period_start_date,
        period_end_date,
        is_complete,
        metric,
        cast(metric_value as decimal(28, 8)) as metric_value

    from measured

        lateral view stack(
            9,
            'net_revenue', cast(net_revenue as decimal(28, 8)),
            'customers', cast(customers as decimal(28, 8)),
            'new_customers', cast(new_customers as decimal(28, 8)),
            'returning_customers', cast(returning_customers as decimal(28, 8)),
            'average_value', cast(average_value as decimal(28, 8)),
            'returns_rate', cast(returns_rate as decimal(28, 8)),
            'retention_rate', cast(retention_rate as decimal(28, 8)),
            'known_customers', cast(known_customers as decimal(28, 8)),
            'active_customers', cast(active_customers as decimal(28, 8))
        ) as metric, metric_value

),

compared as (

    select
        *,
        lag(metric_value) over (partition by metric order by period_start_date)
            as previous_value

    from metric_values

),

definitions as (

    select * from {{ ref('executive_metrics') }}

),

-- Each metric with where it comes from: the end of a running month is the as-of date.
explained as (

    select
        compared.*,
        definitions.unit,
        {{ fill_placeholders('definitions.description', placeholders) }}
            as metric_description,
        {{ fill_placeholders('definitions.expression', placeholders) }}
            as source_expression,
        if(
            compared.is_complete or definitions.running_source_model is null,
            definitions.source_model,
            definitions.running_source_model
        ) as source_model,
        if(
            compared.is_complete or definitions.running_source_model is null,
            {{ fill_placeholders('definitions.source_filter', placeholders) }},
            {{ fill_placeholders('definitions.running_source_filter', placeholders) }}
        ) as source_filter

    from compared

    inner join definitions on compared.metric = definitions.metric

)

select
    metric,
    metric_description,
    unit,
    period_start_date,
    period_end_date,
    is_complete,
    metric_value,
    previous_value,
    metric_value - previous_value as change,
    cast(metric_value - previous_value as double) / nullif(previous_value, 0)
        as change_rate,
    source_model,
    source_filter,
    concat(
        'select ', source_expression,
        ' from {{ ref("dim_customers").schema }}.', source_model,
        ' where ', source_filter
    ) as source_query

from explained
