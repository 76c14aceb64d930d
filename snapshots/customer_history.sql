{% snapshot customer_history %}
{{ config(
    unique_key='customer_id',
    strategy='check',
    check_cols=['segment', 'persona_id', 'persona_name'],
    updated_at='as_of_date',
    pre_hook="{{ redo_snapshot_day(as_of_date()) }}",
    post_hook='{{ compact() }}',
) }}

with

customer_rfm as (

    select * from {{ ref('fct_customer_rfm') }}

),

customer_personas as (

    select * from {{ ref('fct_customer_personas') }}

)

select
    customer_rfm.customer_id,
    customer_rfm.as_of_date,
    customer_rfm.segment,
    customer_personas.persona_id,
    customer_personas.persona_name

from customer_rfm

left join customer_personas
    on customer_rfm.customer_id = customer_personas.customer_id

{% if execute and load_relation(this) is not none %}
-- History is not rewritten: a build of an earlier date leaves it alone.
where
    customer_rfm.as_of_date
    >= (select coalesce(max(dbt_valid_from), date '0001-01-01') from {{ this }})
{% endif %}
{% endsnapshot %}
