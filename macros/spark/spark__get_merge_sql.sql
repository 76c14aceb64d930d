{% macro spark__get_merge_sql(
    target, source, unique_key, dest_columns, incremental_predicates
) %}
    {# dbt-spark's merge never deletes and reads the whole target. `meta` adds both:
       delete_when  a condition on a source row: its target row goes.
       prune_by     a column that never changes for a key, or is part of it: files
                    outside the range that the source holds cannot match, and Delta
                    skips them by their statistics. #}
    {%- set meta = config.get('meta') or {} -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- set matches = [] -%}
    {%- for key in keys -%}
        {%- do matches.append(
            'DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key
        ) -%}
    {%- endfor -%}
    {%- if meta.prune_by -%}
        {%- set range = run_query(
            'select cast(min(' ~ meta.prune_by ~ ') as string),'
            ~ ' cast(max(' ~ meta.prune_by ~ ') as string) from ' ~ source
        ).rows[0] -%}
        {%- if range[0] is none -%}
            {%- do matches.append('false') -%}
        {%- else -%}
            {%- do matches.append(
                'DBT_INTERNAL_DEST.' ~ meta.prune_by
                ~ " between '" ~ escape_literal(range[0])
                ~ "' and '" ~ escape_literal(range[1]) ~ "'"
            ) -%}
        {%- endif -%}
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
