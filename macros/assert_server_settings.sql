{% macro assert_server_settings() %}
    {# Under other settings the same SQL gives other numbers: stop before it does. #}
    {% if execute %}
        {% set required = {
            'spark.sql.ansi.enabled': 'true',
            'spark.sql.session.timeZone': 'UTC',
            'spark.sql.hive.thriftServer.singleSession': 'false',
        } %}
        {% for key, value in required.items() %}
            {% set found = run_query('set ' ~ key).rows[0][1] %}
            {% if found | string | lower != value | lower %}
                {{ exceptions.raise_compiler_error(
                    'the Spark server has ' ~ key ~ '=' ~ found ~ ': set it to ' ~ value
                    ~ ' (see profiles/spark-defaults.conf)'
                ) }}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
