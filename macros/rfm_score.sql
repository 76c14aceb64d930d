{% macro rfm_score(value, better, thresholds) -%}
    {# A plain sum, which Spark compiles; a single buyer has no thresholds and passes
       them all. #}
    1
    {%- for quintile in range(1, 5) %}
        + cast(coalesce({{ value }} {{ better }} {{ thresholds }}{{ quintile }}, true) as int)
    {%- endfor %}
{%- endmacro %}
