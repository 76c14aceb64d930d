select
    method,
    case method
        when 'window' then 'Window'
        when 'cadence' then 'Own cadence'
        when 'p_alive' then 'P(alive)'
    end as method_name,
    risk,
    cut_date,
    customer_count,
    churned_customer_count,
    churn_rate,
    overall_churn_rate,
    lift,
    precision,
    recall

from marts.rpt_churn_backtest

where customer_count > 0 and risk in ('High', 'Medium', 'Low')

order by method, array_position(array('High', 'Medium', 'Low'), risk)
