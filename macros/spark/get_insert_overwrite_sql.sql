{% macro get_insert_overwrite_sql(source_relation, target_relation, existing_relation) %}
    {# dbt-spark overwrites a whole table or Hive's partitions. Delta replaces the rows
       that a condition names, in one commit: meta.replace_where, rendered when it runs. #}
    {%- set columns = adapter.get_columns_in_relation(target_relation) %}

    insert into {{ target_relation }}
    replace where {{ render(config.get('meta').replace_where) }}
    select {{ columns | map(attribute='quoted') | join(', ') }}
    from {{ source_relation }}
{% endmacro %}
