{% macro create_missing_sources() %}
    {# The contract's tables, empty, so that a build passes before any load or training. #}
    {% if execute %}
        {% set present = {} %}
        {% for source in graph.sources.values() %}
            {% if source.schema not in present %}
                {% do run_query('create schema if not exists ' ~ source.schema) %}
                {% set tables = run_query('show tables in ' ~ source.schema) %}
                {% do present.update({source.schema: tables.columns[1].values()}) %}
            {% endif %}
            {% if source.identifier not in present[source.schema] %}
                {% set columns = [] %}
                {% for column in source.columns.values() %}
                    {% set required = column.constraints | length > 0 %}
                    {% do columns.append(
                        column.name ~ ' ' ~ column.data_type
                        ~ (' not null' if required else '')
                    ) %}
                {% endfor %}
                {% do run_query(
                    'create table if not exists ' ~ source.relation_name
                    ~ ' (' ~ columns | join(', ') ~ ') using delta'
                ) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
