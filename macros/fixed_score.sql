{% macro fixed_score(value, reaches, cut_points) -%}
    {# A plain sum, which Spark compiles, unlike a function of an array. #}
    1
    {%- for score in range(2, 6) %}
        + cast(coalesce({{ value }} {{ reaches }} {{ cut_points }}{{ score }}, false) as int)
    {%- endfor %}
{%- endmacro %}
