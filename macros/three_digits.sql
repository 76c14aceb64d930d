{% macro three_digits(value) -%}
    {# Cut off, not rounded: that keeps the order, and needs no constant scale. #}
    case
        when {{ value }} = 0 then 0.0d
        else
            sign({{ value }})
            * floor(
                abs({{ value }}) * power(10, 2 - floor(log10(abs({{ value }}))))
            )
            / power(10, 2 - floor(log10(abs({{ value }}))))
    end
{%- endmacro %}
