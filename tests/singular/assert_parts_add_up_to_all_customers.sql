-- Where the rows of a report partition customers, they add up to all of them.
{%- set partitions = [
    ('rpt_rfm_segments', 'method', 'true'),
    ('rpt_customers_by_demographic', 'attribute', 'true'),
    ('rpt_churn_risk', 'method', 'true'),
    ('rpt_customers_by_persona', "'persona'", 'true'),
    ('rpt_cohort_retention', 'cohort_type', 'month_number = 0'),
] %}
with

all_customers as (

    select count(*) as customer_count

    from {{ ref('dim_customers') }}

),

parts as (

    {% for model, part, rows in partitions %}
    select
        concat('{{ model }} by ', {{ part }}) as report,
        sum(customer_count) as customer_count

    from {{ ref(model) }}

    where {{ rows }}

    group by concat('{{ model }} by ', {{ part }})

    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    parts.report,
    parts.customer_count,
    all_customers.customer_count as all_customer_count

from parts

cross join all_customers

where parts.customer_count != all_customers.customer_count
