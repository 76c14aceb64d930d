{#- The queries name the marts of the Spark project. -#}
{%- set marts = var('schema_prefix') ~ 'marts' -%}
{%- set placeholders = {
    'month': 'compared.period_start_date',
    'month_end': 'compared.period_end_date',
    'previous_month': 'cast(compared.period_start_date - interval 1 month as date)',
    'active_days': var('active_days'),
    'marts': "'" ~ marts ~ "'",
} -%}
with

months as (

    select
        cast(date_trunc('month', calendar_date) as date) as period_start_date,
        last_day(calendar_date) as period_end_date,
        max(calendar_date) = last_day(calendar_date) as is_complete,
        sum(net_revenue) as net_revenue,
        sum(gross_revenue) as gross_revenue,
        sum(returned_revenue) as returned_revenue

    from {{ ref('fct_daily_sales') }}

    where
        calendar_date <= (
            select last_day(max(calendar_date)) from {{ ref('fct_daily_sales') }}
            where transaction_count + return_count > 0
        )

    group by period_start_date, period_end_date

),

purchase_months as (

    select
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
        count(*) filter (previous_purchase_month is null) as new_customers,
        count(*) filter (previous_purchase_month is not null) as returning_customers,
        count(*) filter (previous_purchase_month = month_start_date - interval 1 month)
            as retained_customers

    from purchase_months

    group by month_start_date

),

-- Month ends that lie in the past, and the as-of date where the month still runs.
customers_by_state as (

    select
        month_end_date as period_end_date,
        count(*) as known_customers,
        count(*) filter (recency_days <= {{ var('active_days') }}) as active_customers

    from {{ ref('fct_customer_rfm_monthly') }}

    group by month_end_date

    union all

    select
        last_day(as_of_date - 1) as period_end_date,
        count(*) as known_customers,
        count(*) filter (recency_days <= {{ var('active_days') }}) as active_customers

    from {{ ref('dim_customers') }}

    where
        day(as_of_date) != 1
        and known_since_date is not null

    group by as_of_date

),

measured as (

    select
        months.*,
        coalesce(customers_by_month.customers, 0) as customers,
        coalesce(customers_by_month.new_customers, 0) as new_customers,
        coalesce(customers_by_month.returning_customers, 0) as returning_customers,
        {{ exact_ratio('months.net_revenue', 'customers_by_month.customers') }}
            as average_value,
        {{ exact_ratio('months.returned_revenue', 'months.gross_revenue') }}
            as returns_rate,
        coalesce(customers_by_month.retained_customers, 0) as retained_customers,
        lag(customers_by_month.customers) over (order by months.period_start_date)
            as customers_before,
        customers_by_state.known_customers,
        customers_by_state.active_customers

    from months

    left join customers_by_month
        on months.period_start_date = customers_by_month.month_start_date

    left join customers_by_state
        on months.period_end_date = customers_by_state.period_end_date

),

metric_values as (

    {% for metric, expression in {
        'net_revenue': 'net_revenue',
        'customers': 'customers',
        'new_customers': 'new_customers',
        'returning_customers': 'returning_customers',
        'average_value': 'average_value',
        'returns_rate': 'returns_rate',
        'retention_rate': exact_ratio('retained_customers', 'customers_before'),
        'known_customers': 'known_customers',
        'active_customers': 'active_customers',
    }.items() -%}
    select
        '{{ metric }}' as metric,
        period_start_date,
        period_end_date,
        is_complete,
        cast({{ expression }} as decimal(28, 8)) as metric_value

    from measured
    {{- '\n\n    union all\n\n    ' if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        *,
        lag(metric_value) over (partition by metric order by period_start_date)
            as previous_value

    from metric_values

),

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

    inner join {{ source('seeds', 'executive_metrics') }} as definitions
        on compared.metric = definitions.metric

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
    (metric_value - previous_value) / nullif(previous_value, 0) as change_rate,
    source_model,
    source_filter,
    concat(
        'select ', source_expression,
        ' from {{ marts }}.', source_model,
        ' where ', source_filter
    ) as source_query

from explained
