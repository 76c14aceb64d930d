with

by_persona as (

    select
        coalesce(customer_personas.persona_name, 'No persona') as persona_name,
        customer_personas.persona_id,
        count(*) as customer_count,
        cast(sum(customers.net_revenue) as decimal(18, 2)) as net_revenue,
        sum(customers.purchase_day_count) as purchase_day_count

    from {{ ref('dim_customers') }} as customers

    left join {{ ref('fct_customer_personas') }} as customer_personas
        on customers.customer_id = customer_personas.customer_id

    group by customer_personas.persona_name, customer_personas.persona_id

)

select
    persona_name,
    persona_id,
    customer_count,
    net_revenue,
    customer_count / sum(customer_count) over () as share_of_customers,
    net_revenue / nullif(sum(net_revenue) over (), 0) as share_of_revenue,
    {{ money_per('net_revenue', 'nullif(purchase_day_count, 0)') }} as average_basket

from by_persona
