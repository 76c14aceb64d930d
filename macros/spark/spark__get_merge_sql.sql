{% macro spark__get_merge_sql(
    target, source, unique_key, dest_columns, incremental_predicates
) %}
    {# dbt-spark's merge never deletes and reads the whole target. Here a row goes that
       meets meta.delete_when, a condition on a source row; and Delta skips the files that
       hold nothing of what the model changes. #}
    {%- set meta = config.get('meta') or {} -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set matches = [] -%}
    {%- for key in keys -%}
        {%- do matches.append(
            'DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key
        ) -%}
    {%- endfor -%}
    {%- set changed = changes_only() -%}
    {%- if changed -%}
        {%- do matches.append('DBT_INTERNAL_DEST.' ~ changed) -%}
    {%- endif %}

    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on {{ matches | join(' and ') }}
    {%- if meta.delete_when %}
    when matched and DBT_INTERNAL_SOURCE.{{ meta.delete_when }} then delete
    {%- endif %}
    when matched then update set *
    when not matched
    {%- if meta.delete_when %} and not DBT_INTERNAL_SOURCE.{{ meta.delete_when }}
    {%- endif %} then insert *
{% endmacro %}
