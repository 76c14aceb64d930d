select
    target,
    model,
    fit_date,
    customer_count,
    predicted_mean,
    actual_mean,
    mean_error,
    rank_correlation,
    normalised_gini,
    value_correlation,
    is_value_independent,
    no_calibration_reason

from marts.rpt_lifetime_value_calibration

where is_used and decile = 0

order by target
