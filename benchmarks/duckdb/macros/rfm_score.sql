{% macro rfm_score(value, better, thresholds) -%}
    {# 1 plus the thresholds that are passed; a single buyer has none and passes all. #}
    1
    {%- for quintile in range(1, 5) %}
        + cast(coalesce(
            {{ value }} {{ better }} {{ thresholds }}[{{ quintile }}], true
        ) as int)
    {%- endfor %}
{%- endmacro %}
