{% macro digits_kept(instant, read_by) -%}
    case
        when {{ read_by }} != '{{ var('time_zone') }}'
            then to_utc_timestamp(
                from_utc_timestamp({{ instant }}, {{ read_by }}),
                '{{ var('time_zone') }}'
            )
        else {{ instant }}
    end
{%- endmacro %}
