{% test rows_satisfy(model, rules) %}
{# One scan for all the rules of a table; a rule that is NULL for a row is broken. #}
with

counts as (

    select
        {%- for rule in rules.values() %}
        count_if(not coalesce({{ rule }}, false)) as rule_{{ loop.index }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ model }}

),

broken as (

    {% for name in rules %}
    select
        '{{ name }}' as broken_rule,
        rule_{{ loop.index }} as row_count

    from counts

    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from broken

where row_count > 0
{% endtest %}
