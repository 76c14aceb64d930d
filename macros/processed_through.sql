{% macro processed_through(column) -%}
    {# A literal, not a subquery: Delta skips files by literals only. #}
    {%- if execute and is_incremental() -%}
        {{- run_query(
            'select coalesce(max(' ~ column ~ '), 0) from ' ~ this
        ).rows[0][0] -}}
    {%- else -%}
        0
    {%- endif -%}
{%- endmacro %}
