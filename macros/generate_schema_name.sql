{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('BEHAVIOR_SCHEMA_PREFIX', '') }}{{ custom_schema_name or 'staging' }}
{%- endmacro %}
