{% macro money_per(money, count) -%}
    {# DuckDB divides decimals as doubles, which miss half a cent at times. Cents are
       whole numbers: doubles divide those exactly enough to round. #}
    cast(round(100 * ({{ money }}) / ({{ count }})) / 100 as decimal(18, 2))
{%- endmacro %}
