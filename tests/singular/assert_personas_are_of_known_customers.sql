-- A training knows no customer that a build as of its day or later does not. As of an
-- earlier day some of them are yet to come.
select personas.customer_id

from {{ ref('fct_customer_personas') }} as personas

inner join {{ ref('int_as_of_date') }} as history
    on personas.as_of_date <= history.as_of_date

left anti join {{ ref('dim_customers') }} as customers
    on personas.customer_id = customers.customer_id
