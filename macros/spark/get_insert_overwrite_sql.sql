{% macro get_insert_overwrite_sql(source_relation, target_relation, existing_relation) %}
    {# dbt-spark overwrites a whole table or Hive's partitions. Delta replaces the rows
       that the model changes, in one commit. #}
    {%- set changed = changes_only() -%}
    {%- if not changed -%}
        {%- do exceptions.raise_compiler_error(
            "say which rows are replaced: '-- Changes only: column >= literal'"
        ) -%}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(target_relation) %}

    insert into {{ target_relation }}
    replace where {{ changed }}
    select {{ columns | map(attribute='quoted') | join(', ') }}
    from {{ source_relation }}
{% endmacro %}
