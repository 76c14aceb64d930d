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
           were; months that have ended since, or not yet at this as-of date. Customers
           are compared by a fingerprint of each month in which they became known: to join
           all with all would cost more than the month itself. #}
        {%- set redo -%}
            with

            compared as (

                select
                    customer_id,
                    known_since_date,
                    1 as side

                from {{ ref('dim_customers') }}

                where known_since_date <= date '{{ newest }}'

                union all

                select
                    customer_id,
                    known_since_date,
                    -1 as side

                from {{ this }}

                where month_end_date = date '{{ newest }}'

            ),

            newly_known as (

                select trunc(known_since_date, 'MM') as month_start_date

                from compared

                group by trunc(known_since_date, 'MM')

                -- The hash of a customer on both sides cancels itself.
                having
                    sum(side) != 0
                    or bit_xor(xxhash64(customer_id, known_since_date)) != 0

            )

            select cast(least(
                date '{{ first_month_to_redo() }}',
                (select min(month_start_date) from newly_known),
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
