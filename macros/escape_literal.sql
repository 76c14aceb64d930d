{% macro escape_literal(text) -%}
    {# No line ends: the literal may stand in a comment. #}
    {{- return(
        text
        | replace('\\', '\\\\')
        | replace("'", "\\'")
        | replace('\n', '\\n')
        | replace('\r', '\\r')
    ) -}}
{%- endmacro %}
