{% macro escape_literal(text) -%}
    {{- return(text | replace('\\', '\\\\') | replace("'", "\\'")) -}}
{%- endmacro %}
