{% macro p_alive(fit, repeat_count, last_purchase_age, customer_age) -%}
    case
        when {{ fit }}.model = 'BG/NBD' and {{ repeat_count }} = 0
            then if({{ fit }}.r is not null, cast(1 as double), null)
        else
            1
            / (
                1
                + {{ fit }}.a
                / (
                    {{ fit }}.b
                    + {{ repeat_count }}
                    - if({{ fit }}.model = 'BG/NBD', 1, 0)
                )
                -- A power as the exponential of a logarithm, kept from overflowing.
                * exp(
                    least(
                        ({{ fit }}.r + {{ repeat_count }})
                        * (
                            ln({{ fit }}.alpha + {{ customer_age }})
                            - ln({{ fit }}.alpha + {{ last_purchase_age }})
                        ),
                        700
                    )
                )
            )
    end
{%- endmacro %}
