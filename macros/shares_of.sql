{% macro shares_of(counts, total) -%}
    transform_values({{ counts }}, (value, line_count) -> line_count / {{ total }})
{%- endmacro %}
