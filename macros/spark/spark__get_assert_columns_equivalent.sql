{% macro spark__get_assert_columns_equivalent(sql) -%}
    {# dbt runs the model as an empty query, which plans it once more, and takes all
       decimals for one type. `describe query` only resolves it, and tells their digits. #}
    {%- set built = [] -%}
    {%- for row in run_query('describe query ' ~ sql).rows -%}
        {%- do built.append(
            {'name': row['col_name'] | lower, 'data_type': row['data_type'] | lower}
        ) -%}
    {%- endfor -%}
    {%- set declared = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do declared.append(
            {'name': column.name | lower, 'data_type': column.data_type | lower}
        ) -%}
    {%- endfor -%}
    {%- if built | sort(attribute='name') != declared | sort(attribute='name') -%}
        {%- do exceptions.raise_contract_error(declared, built) -%}
    {%- endif -%}
{%- endmacro %}
