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

            known_since as (

                select
                    trunc(known_since_date, 'MM') as month_start_date,
                    count(*) as customer_count,
                    bit_xor(xxhash64(customer_id, known_since_date)) as fingerprint

                from {{ ref('dim_customers') }}

                where known_since_date <= date '{{ newest }}'

                group by trunc(known_since_date, 'MM')

            ),

            stored_known_since as (

                select
                    trunc(known_since_date, 'MM') as month_start_date,
                    count(*) as customer_count,
                    bit_xor(xxhash64(customer_id, known_since_date)) as fingerprint

                from {{ this }}

                where month_end_date = date '{{ newest }}'

                group by trunc(known_since_date, 'MM')

            ),

            newly_known as (

                select least(
                    known_since.month_start_date, stored.month_start_date
                ) as month_start_date

                from known_since

                full outer join stored_known_since as stored
                    on known_since.month_start_date = stored.month_start_date

                where
                    not (
                        known_since.customer_count <=> stored.customer_count
                        and known_since.fingerprint <=> stored.fingerprint
                    )

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
