{% macro local_time(instant) -%}
    {#- Days, hours and months are those of the shop's clock. -#}
    {%- if var('time_zone') == 'UTC' -%}
        {{ instant }}
    {%- else -%}
        from_utc_timestamp({{ instant }}, '{{ var('time_zone') }}')
    {%- endif -%}
{%- endmacro %}
