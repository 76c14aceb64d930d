{% macro first_rfm_month_to_redo() -%}
    {%- set newest = none -%}
    {%- if execute and is_incremental() -%}
        {%- set newest = run_query(
            'select cast(max(month_end_date) as string) from ' ~ this
        ).rows[0][0] -%}
    {%- endif -%}
    {%- if newest is none -%}
        0001-01-01
    {%- else -%}
        {# Lines that came or went; customers who are known since another day than they
           were; months that have ended since, or not yet at this as-of date. #}
        {%- set redo -%}
            select cast(least(
                date '{{ first_month_to_redo() }}',
                (
                    select trunc(min(least(
                        customers.known_since_date, stored.known_since_date
                    )), 'MM')
                    from {{ ref('dim_customers') }} as customers
                    full outer join (
                        select * from {{ this }}
                        where month_end_date = date '{{ newest }}'
                    ) as stored on customers.customer_id = stored.customer_id
                    where
                        not customers.known_since_date <=> stored.known_since_date
                        and least(customers.known_since_date, stored.known_since_date)
                        <= date '{{ newest }}'
                ),
                date_add(date '{{ newest }}', 1),
                (
                    select least(
                        trunc(as_of_date, 'MM'),
                        add_months(trunc(last_transaction_date, 'MM'), 1)
                    )
                    from {{ ref('int_as_of_date') }}
                )
            ) as string)
        {%- endset -%}
        {{- run_query(redo).rows[0][0] -}}
    {%- endif -%}
{%- endmacro %}
