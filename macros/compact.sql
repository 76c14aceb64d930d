{% macro compact(max_files=64) %}
    {# Every increment adds small files. Rewriting them each time would cost what the
       increment saved, so it waits until a read would feel them. #}
    {% if execute and (is_incremental() or model.resource_type == 'snapshot') %}
        {% set detail = run_query('describe detail ' ~ this) %}
        {% if detail.columns['numFiles'].values()[0] > max_files %}
            {% do run_query('optimize ' ~ this) %}
            {% do run_query('vacuum ' ~ this) %}
        {% endif %}
    {% endif %}
{% endmacro %}
