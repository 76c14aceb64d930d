{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
    {# Comments are part of the statement that creates the table or view. #}
{%- endmacro %}
