{%- macro spark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if temporary -%}
        {{ create_temporary_view(relation, compiled_code) }}
    {%- else -%}
        {# dbt rebuilds a table that its listing missed. Without `or replace` a wrong
           listing fails here instead of replacing history. #}
        {%- set known = load_cached_relation(relation) is not none -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
            {%- set compiled_code = get_select_subquery(compiled_code) -%}
        {%- endif -%}
        {%- if config.persist_column_docs() -%}
            {# The columns of a view keep their comments on the way into the table: no
               commit of its own for each comment, or for all of them. A contract knows the
               columns and their order; else they have to be asked for. #}
            {%- set columns = model.columns if config.get('contract').enforced
                else get_columns_in_query(compiled_code) -%}
            {%- set documented = relation.incorporate(
                path={'identifier': relation.identifier ~ '__documented'}
            ).include(database=false, schema=false) -%}
            {%- call statement('documented_view') -%}
                create or replace temporary view {{ documented }} (
                    {{ get_persist_docs_column_list(model.columns, columns) }}
                ) as
                {{ compiled_code }}
            {%- endcall -%}
            {%- set compiled_code = 'select * from ' ~ documented -%}
        {%- endif -%}
        create {{ 'or replace ' if known }}table {{ relation }}
        {{ file_format_clause() }}
        {{ tblproperties_clause() }}
        {{ clustered_cols(label='cluster by') }}
        {{ comment_clause() }}
        as
        {{ compiled_code }}
    {%- endif -%}
{%- endmacro -%}
