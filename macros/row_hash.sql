{% macro row_hash(columns) -%}
    {# A unit separator between the parts, and another sign for NULL than for ''. #}
    sha2(
        concat_ws(
            '\u001f'
            {%- for column in columns %},
            coalesce(cast({{ column }} as string), '\u0000')
            {%- endfor %}
        ),
        256
    )
{%- endmacro %}
