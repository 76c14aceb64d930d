{% macro p_alive(fit, repeat_count, last_purchase_age, customer_age) -%}
    case
        -- BG/NBD lets customers leave after a repeat purchase only.
        when {{ fit }}.model = 'BG/NBD' and {{ repeat_count }} = 0
            then if({{ fit }}.r is not null, 1.0d, null)
        else
            1
            / (
                1
                + {{ fit }}.a
                / ({{ fit }}.b + {{ repeat_count }} - if({{ fit }}.model = 'BG/NBD', 1, 0))
                -- A power as the exponential of a logarithm, kept from overflowing: the
                -- probability is as good as 0 long before.
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
