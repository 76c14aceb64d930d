{% macro lifetime_value_model() -%}
    {%- set model = var('lifetime_value_model') -%}
    {%- if execute and model not in ('BG/NBD', 'MBG/NBD') -%}
        {{ exceptions.raise_compiler_error(
            "lifetime_value_model is '" ~ model ~ "': it must be BG/NBD or MBG/NBD"
        ) }}
    {%- endif -%}
    '{{ model }}'
{%- endmacro %}
