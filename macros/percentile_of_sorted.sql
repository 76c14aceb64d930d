{% macro percentile_of_sorted(values, share) -%}
    {# Between two neighbours in proportion, as NumPy does it; NULL of nothing. #}
    get({{ values }}, cast(floor({{ share }} * (size({{ values }}) - 1)) as int))
    + (
        {{ share }} * (size({{ values }}) - 1)
        - floor({{ share }} * (size({{ values }}) - 1))
    )
    * (
        get({{ values }}, cast(ceil({{ share }} * (size({{ values }}) - 1)) as int))
        - get({{ values }}, cast(floor({{ share }} * (size({{ values }}) - 1)) as int))
    )
{%- endmacro %}
