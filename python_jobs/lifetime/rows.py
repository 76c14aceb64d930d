"""A fit as rows of the schema `ml`."""

from __future__ import annotations

from collections.abc import Iterator

from python_jobs.lifetime.fits import Fitted
from python_jobs.lifetime.spending import NAME as GAMMA_GAMMA
from python_jobs.lifetime.summary import Population


def fit_rows(
    populations: list[Population], fits: list[Fitted]
) -> Iterator[dict[str, object]]:
    """Of `value_fits`: a row per date and model, without a fit the reason."""
    at = {population.fit_date: population for population in populations}
    for one in fits:
        population = at[one.fit_date]
        yield {
            "fit_date": one.fit_date,
            "model": one.model,
            "customer_count": population.customers,
            "repeater_count": population.repeaters,
            "no_fit_reason": one.fit.reason,
            "is_converged": one.fit.is_converged,
            "log_likelihood": one.fit.log_likelihood,
            "start_count": one.fit.start_count or None,
            "failed_draw_count": one.failed_draws,
            "value_correlation": population.correlation
            if one.model == GAMMA_GAMMA
            else None,
        }


def parameter_rows(fits: list[Fitted]) -> Iterator[dict[str, object]]:
    """Of `value_parameters`: a row per fit with parameters and parameter."""
    for one in fits:
        if one.fit.parameters is None:
            continue
        for name, estimate, (lower, upper) in zip(
            one.fit.names, one.fit.parameters.tolist(), one.bounds(), strict=True
        ):
            yield {
                "fit_date": one.fit_date,
                "model": one.model,
                "parameter": name,
                "estimate": estimate,
                "lower_bound": lower,
                "upper_bound": upper,
            }


def draw_rows(fits: list[Fitted]) -> Iterator[dict[str, object]]:
    """Of `value_parameter_draws`: a row per fit, bootstrap sample and parameter."""
    for one in fits:
        for draw, estimates in enumerate(one.draws.tolist(), start=1):
            for name, estimate in zip(one.fit.names, estimates, strict=True):
                yield {
                    "fit_date": one.fit_date,
                    "model": one.model,
                    "parameter": name,
                    "draw": draw,
                    "estimate": estimate,
                }
