{% test rows_satisfy(model, rules={}, accepted_values={}, accepted_from={}) %}
{# One scan for all the rules of a table; a rule that is NULL for a row is broken. #}
{%- set conditions = {} -%}
{%- do conditions.update(rules) -%}
{%- for column, values in accepted_values.items() -%}
    {%- do conditions.update({
        column ~ '_is_accepted':
            'coalesce(' ~ column ~ " in ('" ~ values | join("', '") ~ "'), true)"
    }) -%}
{%- endfor -%}
{%- for column in accepted_from -%}
    {%- do conditions.update({
        column ~ '_is_known':
            'coalesce(array_contains(known_' ~ column ~ ', ' ~ column ~ '), true)'
    }) -%}
{%- endfor -%}
with

counts as (

    select
        {%- for rule in conditions.values() %}
        count_if(not coalesce({{ rule }}, false)) as rule_{{ loop.index }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ model }}

    {% for column, field in accepted_from.items() %}
    cross join (
        select collect_set({{ field.rpartition('.')[2] }}) as known_{{ column }}
        from {{ field.rpartition('.')[0] }}
    )
    {% endfor %}

),

broken as (

    {% for name in conditions %}
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
