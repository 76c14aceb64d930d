select
    persona_id,
    persona_name,
    naming_reason,
    customer_count,
    share_of_customers,
    net_revenue,
    share_of_revenue,
    average_basket,
    has_structure,
    count(*) over () as persona_count

from personas.dim_personas

order by customer_count desc, persona_id asc
