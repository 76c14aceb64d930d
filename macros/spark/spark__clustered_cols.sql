{% macro spark__clustered_cols(label, required=false) %}
    {# dbt-spark knows Hive's buckets only; Delta has liquid clustering. #}
    {%- set columns = config.get('clustered_by') -%}
    {%- if columns %}
    cluster by ({{ columns if columns is string else columns | join(', ') }})
    {%- endif %}
{% endmacro %}
