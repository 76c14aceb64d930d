{% macro expected_basket(fit, repeat_count, mean_repeat_value) -%}
    case
        when {{ fit }}.p * {{ repeat_count }} + {{ fit }}.q > 1
            then
                {{ fit }}.p
                * ({{ fit }}.v + {{ repeat_count }} * {{ mean_repeat_value }})
                / ({{ fit }}.p * {{ repeat_count }} + {{ fit }}.q - 1)
    end
{%- endmacro %}
