{% macro rfm_segment(cell_segment, frequency) -%}
    case
        when {{ frequency }} = 0 then 'Prospects'
        when
            {{ cell_segment }} = 'Cannot Lose Them'
            and {{ frequency }} < {{ var('cannot_lose_min_frequency') }}
            then 'Hibernating'
        else {{ cell_segment }}
    end
{%- endmacro %}
