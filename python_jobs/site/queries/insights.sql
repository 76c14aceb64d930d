-- The strongest differences, two of a kind at most.
select
    topic,
    statement,
    customer_count,
    change,
    z_score

from insights.rpt_insights

qualify row_number() over (partition by topic order by abs(z_score) desc) <= 2

order by abs(z_score) desc

limit 6
