{% macro require_same_clock() %}
    {# Days by another clock beside those that are there would be wrong without a word.
       What dbt knows of a relation has the table's properties: nothing is asked. #}
    {% if execute and not flags.FULL_REFRESH %}
        {% for node in graph.nodes.values()
            if node.config.materialized == 'incremental' %}
            {% set built = adapter.get_relation(none, node.schema, node.alias) %}
            {% set found = modules.re.search(
                'behavior\\.time_zone=([^,\\]]+)', built.information
            ) if built else none %}
            {% set zone = found.group(1) if found else 'UTC' %}
            {% if built and zone != var('time_zone') %}
                {{ exceptions.raise_compiler_error(
                    'time_zone is ' ~ var('time_zone') ~ ', but ' ~ node.alias
                    ~ ' has the days of ' ~ zone
                    ~ ': run `behavior build --full-refresh`'
                ) }}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
