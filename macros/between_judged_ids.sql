{% macro between_judged_ids() -%}
    {# Literals, not a subquery: Delta skips files by literals only. #}
    {%- set range = [none, none] -%}
    {%- if execute and is_incremental() -%}
        {%- set judged -%}
            select
                min(transaction_id),
                max(transaction_id)

            from (
                select transaction_id

                from {{ source('raw', 'transactions') }}

                where _batch_id > {{ processed_through('_batch_id') }}

                union all

                select this_table.transaction_id

                from {{ this }} as this_table

                left semi join {{ ref('stg_customers_resolved') }} as customers
                    on this_table.customer_id = customers.customer_id

                where this_table.quarantine_reason = 'orphan'
            )
        {%- endset -%}
        {%- set range = run_query(judged).rows[0] -%}
    {%- endif -%}
    between '{{ escape_literal(range[0] or '') }}' and '{{ escape_literal(range[1] or '') }}'
{%- endmacro %}
