{% macro spark__tblproperties_clause() -%}
    {#- What an increment adds to was built by one clock: which, require_same_clock asks. -#}
    {%- set properties = dict(config.get('tblproperties') or {}) -%}
    {%- if config.get('materialized') == 'incremental' -%}
        {%- do properties.update({'behavior.time_zone': var('time_zone')}) -%}
    {%- endif -%}
    {%- set pairs = [] -%}
    {%- for name, value in properties.items() -%}
        {%- do pairs.append("'" ~ name ~ "' = '" ~ value ~ "'") -%}
    {%- endfor -%}
    {%- if pairs %}
    tblproperties ({{ pairs | join(', ') }})
    {%- endif -%}
{%- endmacro %}
