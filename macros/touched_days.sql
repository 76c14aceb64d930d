{% macro touched_days() -%}
    {# Literals, not a subquery: Delta skips files, and replaces rows, by literals only. #}
    {%- set days = [] -%}
    {%- if execute and is_incremental() -%}
        {%- set touched = run_query(
            'select distinct cast(activity_date as string) from '
            ~ ref('int_customer_day_touches')
            ~ ' where _changed_batch_id > ' ~ processed_through('_changed_batch_id')
            ~ ' order by 1'
        ) -%}
        {%- for row in touched.rows -%}
            {%- do days.append("'" ~ row[0] ~ "'") -%}
        {%- endfor -%}
    {%- endif -%}
    {{- days | join(', ') or "'0001-01-01'" -}}
{%- endmacro %}
