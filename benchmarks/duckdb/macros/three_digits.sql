{% macro three_digits(value) -%}
    case
        when {{ value }} = 0 then cast(0 as double)
        else
            sign({{ value }})
            * floor(
                abs({{ value }}) * pow(10, 2 - floor(log10(abs({{ value }}))))
            )
            / pow(10, 2 - floor(log10(abs({{ value }}))))
    end
{%- endmacro %}
