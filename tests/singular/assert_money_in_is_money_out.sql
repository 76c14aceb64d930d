-- Every model that adds money up holds the same total as the valid lines: over all
-- history in intermediate, before the as-of date in the marts and insights.
{%- set partitions = [
    ('all history', 'int_customer_days', 'net_amount', none),
    ('all history', 'int_customer_months', 'net_revenue', none),
    ('all history', 'int_customer_lifetimes', 'net_revenue', none),
    ('all history', 'int_customer_preferences', 'net_amount', 'attribute'),
    ('before the as-of date', 'dim_customers', 'net_revenue', none),
    ('before the as-of date', 'fct_customer_months', 'net_revenue', none),
    ('before the as-of date', 'fct_daily_sales', 'net_revenue', none),
    ('before the as-of date', 'rpt_rfm_segments', 'net_revenue', 'method'),
    ('before the as-of date', 'rpt_sales_by_category', 'net_revenue', none),
    ('before the as-of date', 'rpt_sales_by_payment_method', 'net_revenue', none),
    ('before the as-of date', 'rpt_sales_by_hour_of_day', 'net_revenue', none),
    ('before the as-of date', 'rpt_sales_by_day_and_hour', 'net_revenue', none),
    ('before the as-of date', 'rpt_sales_by_day_of_week', 'net_revenue', none),
    ('before the as-of date', 'rpt_weekend_vs_weekday', 'net_revenue', none),
    ('before the as-of date', 'rpt_customers_by_demographic', 'net_revenue',
     'attribute'),
    ('before the as-of date', 'fct_segment_preferences', 'net_revenue', 'attribute'),
    ('before the as-of date', 'rpt_cohort_retention', 'net_revenue', 'cohort_type'),
    ('before the as-of date', 'rpt_churn_risk', 'net_revenue', 'method'),
    ('before the as-of date', 'rpt_customers_by_persona', 'net_revenue', none),
    ('before the as-of date', 'rpt_executive_summary',
     "if(metric = 'net_revenue', metric_value, 0)", none),
] %}
with

totals as (

    select
        'all history' as covered,
        'stg_transactions' as model,
        coalesce(sum(amount), 0) as net_revenue

    from {{ ref('stg_transactions') }}

    union all

    select
        'before the as-of date' as covered,
        'fct_transactions' as model,
        coalesce(sum(amount), 0) as net_revenue

    from {{ ref('fct_transactions') }}

    {% for covered, model, money, part in partitions %}
    union all

    select
        '{{ covered }}' as covered,
        concat('{{ model }}'{{ ", ' by ', " ~ part if part }}) as model,
        coalesce(sum({{ money }}), 0) as net_revenue

    from {{ ref(model) }}

    {{ 'group by ' ~ part if part }}
    {% endfor %}

),

compared as (

    select
        *,
        min(net_revenue) over (partition by covered) as lowest,
        max(net_revenue) over (partition by covered) as highest

    from totals

)

select * from compared

where lowest != highest
