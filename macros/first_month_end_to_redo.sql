{% macro first_month_end_to_redo() -%}
    {%- if execute and is_incremental() -%}
        {# Months without a line after the newest that is stored, and stored months after
           the newest line: a balance is carried through each month, and no further. #}
        {%- set redo -%}
            select cast(least(
                date '{{ first_month_to_redo() }}',
                (select date_add(max(month_end_date), 1) from {{ this }}),
                (
                    select add_months(trunc(last_transaction_date, 'MM'), 1)
                    from {{ ref('int_as_of_date') }}
                )
            ) as string)
        {%- endset -%}
        {{- run_query(redo).rows[0][0] -}}
    {%- else -%}
        0001-01-01
    {%- endif -%}
{%- endmacro %}
