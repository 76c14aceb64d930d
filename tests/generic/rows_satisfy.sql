{% test rows_satisfy(
    model, grain=[], references={}, rules={}, accepted_values={}, accepted_from={}
) %}
{#
    One scan for all that must hold of a table; a rule that is NULL for a row is broken.
    With a grain the rules are counted key by key, so that the same pass sees duplicates:
    the counts are numbers only, which Spark aggregates by hash. What is joined to the
    rows begins with _, lest a rule mistake it for a column of the table.
#}
{%- set conditions = {} -%}
{%- if grain -%}
    {%- do conditions.update(
        {'key_is_complete': grain | join(' is not null and ') ~ ' is not null'}
    ) -%}
{%- endif -%}
{%- for column, field in references.items() -%}
    {%- set table = field.split('.')[-2] | replace('`', '') -%}
    {%- do conditions.update({
        column ~ '_is_in_' ~ table:
            '_reference_' ~ loop.index ~ ' is not null or ' ~ column ~ ' is null'
    }) -%}
{%- endfor -%}
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
            'coalesce(array_contains(_known_' ~ column ~ ', ' ~ column ~ '), true)'
    }) -%}
{%- endfor -%}
with

by_key as (

    select
        count(*) as key_row_count
        {%- for rule in conditions.values() %},
        count_if(not coalesce({{ rule }}, false)) as rule_{{ loop.index }}
        {%- endfor %}

    from {{ model }}

    {% for column, field in references.items() %}
    left join (
        select distinct {{ field.rpartition('.')[2] }} as _reference_{{ loop.index }}
        from {{ field.rpartition('.')[0] }}
    )
        on {{ column }} = _reference_{{ loop.index }}
    {% endfor %}

    {% for column, field in accepted_from.items() %}
    cross join (
        select collect_set({{ field.rpartition('.')[2] }}) as _known_{{ column }}
        from {{ field.rpartition('.')[0] }}
    )
    {% endfor %}

    {% if grain %}
    group by {{ grain | join(', ') }}
    {% endif %}

),

-- A branch of a union for each rule would be a scan for each.
counts as (

    select
        stack(
            {{ conditions | length + (1 if grain else 0) }}
            {%- if grain %},
            'key_is_unique', sum(if(key_row_count > 1, key_row_count, 0))
            {%- endif %}
            {%- for name in conditions %},
            '{{ name }}', sum(rule_{{ loop.index }})
            {%- endfor %}
        ) as (broken_rule, row_count)

    from by_key

)

select * from counts

where row_count > 0
{% endtest %}
