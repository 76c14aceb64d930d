-- Every model that adds money up holds the same total as the valid lines: over all
-- history in intermediate, before the as-of date in the marts.
with

totals as (

    select
        'all history' as covered,
        'stg_transactions' as model,
        coalesce(sum(amount), 0) as net_revenue

    from {{ ref('stg_transactions') }}

    union all

    select
        'all history' as covered,
        'int_customer_days' as model,
        coalesce(sum(net_amount), 0) as net_revenue

    from {{ ref('int_customer_days') }}

    union all

    select
        'all history' as covered,
        'int_customer_lifetimes' as model,
        coalesce(sum(net_revenue), 0) as net_revenue

    from {{ ref('int_customer_lifetimes') }}

    union all

    select
        'all history' as covered,
        concat('int_customer_preferences by ', attribute) as model,
        sum(net_amount) as net_revenue

    from {{ ref('int_customer_preferences') }}

    group by attribute

    union all

    select
        'before the as-of date' as covered,
        'fct_transactions' as model,
        coalesce(sum(amount), 0) as net_revenue

    from {{ ref('fct_transactions') }}

    union all

    select
        'before the as-of date' as covered,
        'dim_customers' as model,
        coalesce(sum(net_revenue), 0) as net_revenue

    from {{ ref('dim_customers') }}

    union all

    select
        'before the as-of date' as covered,
        concat('rpt_rfm_segments by ', method) as model,
        sum(net_revenue) as net_revenue

    from {{ ref('rpt_rfm_segments') }}

    group by method

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
