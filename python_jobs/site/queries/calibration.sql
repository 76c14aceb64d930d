select
    target,
    decile,
    customer_count,
    predicted_mean,
    actual_mean

from marts.rpt_lifetime_value_calibration

where is_used and decile > 0

order by target, decile
