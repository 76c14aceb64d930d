{% macro first_month_end_to_redo() -%}
    {%- if execute and is_incremental() -%}
        {# Months without a line after the newest that is stored, and stored months after
           the newest line: a balance is carried through each month, and no further. #}
        {%- set redo -%}
            with

            newest as (

                select
                    trunc((select max(month_end_date) from {{ this }}), 'MM') as stored,
                    trunc(last_transaction_date, 'MM') as with_a_line

                from {{ ref('int_as_of_date') }}

            ),

            redo as (

                select
                    greatest(stored, with_a_line) as newest_month_start_date,
                    least(
                        date '{{ first_month_to_redo() }}',
                        add_months(stored, 1),
                        add_months(with_a_line, 1)
                    ) as first_month_start_date

                from newest

            )

            -- Nothing to do is not the month that comes next: to open it would carry the
            -- balance of each customer there.
            select cast(
                if(
                    first_month_start_date > newest_month_start_date,
                    date '9999-01-01',
                    first_month_start_date
                ) as string
            )

            from redo
        {%- endset -%}
        {{- run_query(redo).rows[0][0] -}}
    {%- else -%}
        0001-01-01
    {%- endif -%}
{%- endmacro %}
