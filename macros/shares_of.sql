{% macro shares_of(counts) -%}
    transform_values(
        {{ counts }},
        (value, line_count)
        -> line_count / aggregate(map_values({{ counts }}), 0L, (total, n) -> total + n)
    )
{%- endmacro %}
