{% macro spark__get_merge_sql(
    target, source, unique_key, dest_columns, incremental_predicates
) %}
    {# dbt-spark's merge never deletes and reads the whole target. `meta` adds both:
       delete_when  a condition on a source row: its target row goes.
       prune_where  what all target rows that can match have in common, in literals,
                    rendered when it runs: Delta skips files that hold no such row. #}
    {%- set meta = config.get('meta') or {} -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set matches = [] -%}
    {%- for key in keys -%}
        {%- do matches.append(
            'DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key
        ) -%}
    {%- endfor -%}
    {%- if meta.prune_where -%}
        {%- do matches.append('DBT_INTERNAL_DEST.' ~ render(meta.prune_where)) -%}
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
