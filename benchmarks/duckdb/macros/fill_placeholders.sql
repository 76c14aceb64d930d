{% macro fill_placeholders(template, placeholders) -%}
    {%- set filled = namespace(sql=template) -%}
    {%- for name, value in placeholders.items() -%}
        {%- set filled.sql =
            'replace(' ~ filled.sql ~ ", '{" ~ name ~ "}', cast(" ~ value
            ~ ' as varchar))' -%}
    {%- endfor -%}
    {{ filled.sql }}
{%- endmacro %}
