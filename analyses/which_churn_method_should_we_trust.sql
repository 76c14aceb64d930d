-- How well did each method foretell who stayed away in the hold-out?
select
    method,
    cut_date,
    precision,
    recall,
    lift,
    customer_count as predicted_customer_count,
    churned_customer_count

from marts.rpt_churn_backtest

where risk = 'High'

order by method
