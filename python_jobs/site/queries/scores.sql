select
    r_score,
    f_score,
    count(*) as customer_count,
    sum(monetary) as net_revenue

from marts.fct_customer_rfm

where r_score is not null

group by r_score, f_score

order by customer_count desc, r_score desc, f_score desc
