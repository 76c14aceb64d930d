{% macro sql_literal(text) -%}
    concat('''', replace(replace({{ text }}, '\', '\\'), '''', '\'''), '''')
{%- endmacro %}
