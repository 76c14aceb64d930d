{% macro exact_ratio(dividend, divisor) -%}
    {# Of money or counts, to eight digits, half away from zero: DuckDB divides decimals
       as doubles. #}
    cast(
        sign({{ dividend }}) * (
            (
                2 * cast(abs({{ dividend }}) * 100 as hugeint) * 100000000
                + cast({{ divisor }} * 100 as hugeint)
            ) // nullif(2 * cast({{ divisor }} * 100 as hugeint), 0)
        ) as decimal(28, 0)
    ) * cast(0.00000001 as decimal(9, 8))
{%- endmacro %}
