{%- set requested = var('as_of_date') -%}
with

history as (

    select
        min(activity_date) as first_transaction_date,
        max(activity_date) as last_transaction_date

    from {{ ref('int_daily_sales') }}

)

select
    {% if requested is none %}
    date_add(last_transaction_date, 1) as as_of_date,
    {% else %}
    case
        when cast('{{ requested }}' as date) > first_transaction_date
            then cast('{{ requested }}' as date)
        when first_transaction_date is not null
            then raise_error(concat(
                'as_of_date is {{ requested }}, but the first transaction is of ',
                first_transaction_date, ': choose a later date'
            ))
    end as as_of_date,
    {% endif %}
    first_transaction_date,
    last_transaction_date

from history
