{% macro first_month_to_redo() -%}
    {# A literal, not a subquery: Delta skips files, and replaces rows, by literals only. #}
    {%- if execute and is_incremental() -%}
        {%- set touched = run_query(
            "select cast(trunc(min(activity_date), 'MM') as string) from "
            ~ ref('int_customer_day_touches')
            ~ ' where _changed_batch_id > ' ~ processed_through('_changed_batch_id')
        ).rows[0][0] -%}
        {{- touched or '9999-01-01' -}}
    {%- else -%}
        0001-01-01
    {%- endif -%}
{%- endmacro %}
