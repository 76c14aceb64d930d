{%- set requested = var('as_of_date') -%}
with

history as (

    select
        min(transacted_date) as first_transaction_date,
        max(transacted_date) as last_transaction_date

    from {{ ref('stg_transactions') }}

)

select
    {% if requested is none %}
    last_transaction_date + 1 as as_of_date,
    {% else %}
    case
        when date '{{ requested }}' > first_transaction_date
            then date '{{ requested }}'
        when first_transaction_date is not null
            then error(concat(
                'as_of_date is {{ requested }}, but the first transaction is of ',
                first_transaction_date, ': choose a later date'
            ))
    end as as_of_date,
    {% endif %}
    first_transaction_date,
    last_transaction_date

from history
