{% macro rfm_threshold_rows(quantiles, dates) -%}
    {%- for measure in ['recency', 'frequency', 'monetary'] %}
select
    {{ dates | join(',\n    ') }},
    '{{ measure }}' as measure,
    customer_count,
    {%- for quintile in range(1, 5) %}
    cast({{ measure }}[{{ quintile }}] as decimal(18, 2)) as q{{ quintile }}
    {{- ',' if not loop.last }}
    {%- endfor %}

from {{ quantiles }}
    {%- if not loop.last %}

union all
    {% endif %}
    {%- endfor %}
{%- endmacro %}
