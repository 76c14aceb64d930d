{% macro median_gap_cte(gap_counts) -%}
population_gap as (

    -- The middle gap, or the mean of the two in the middle.
    select
        (
            min(gap_days) filter (
                where cumulative_gap_count > (all_gap_count - 1) div 2
            )
            + min(gap_days) filter (where cumulative_gap_count > all_gap_count div 2)
        ) / 2.0d as median_gap_days

    from (
        select
            *,
            max(cumulative_gap_count) over () as all_gap_count
        from {{ gap_counts }}
    )

)
{%- endmacro %}
