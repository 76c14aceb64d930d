{% macro rfm_quantile_ctes(buyers, period) -%}
{# q_k is the value at 0-based index ceil(k (n - 1) / 5) - 1 of the sorted values. That
   is the discrete quantile k / 5 of all values but the greatest, which is never asked
   for. #}
greatest_of as (

    select
        {{ period }},
        count(*) as customer_count,
        arg_min(customer_id, recency_days) as by_recency,
        arg_max(customer_id, frequency) as by_frequency,
        arg_max(customer_id, monetary) as by_monetary

    from {{ buyers }}

    group by {{ period }}

),

rfm_quantiles as (

    select
        buyers.{{ period }},
        any_value(greatest_of.customer_count) as customer_count,
        -- Ascending in goodness: recent is good.
        list_transform(
            quantile_disc(-buyers.recency_days, [0.2, 0.4, 0.6, 0.8]) filter (
                buyers.customer_id != greatest_of.by_recency
            ),
            lambda days: -days
        ) as recency,
        quantile_disc(buyers.frequency, [0.2, 0.4, 0.6, 0.8]) filter (
            buyers.customer_id != greatest_of.by_frequency
        ) as frequency,
        quantile_disc(buyers.monetary, [0.2, 0.4, 0.6, 0.8]) filter (
            buyers.customer_id != greatest_of.by_monetary
        ) as monetary

    from {{ buyers }} as buyers

    inner join greatest_of on buyers.{{ period }} = greatest_of.{{ period }}

    group by buyers.{{ period }}

)
{%- endmacro %}
