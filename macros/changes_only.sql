{% macro changes_only() -%}
    {# From the model's SQL, where the literals behind it are known: to ask for them once
       more when it runs costs a query or two. #}
    {%- set said = modules.re.search('-- Changes only: (.+)', model.compiled_code) -%}
    {{- said.group(1) if said -}}
{%- endmacro %}
