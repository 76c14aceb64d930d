"""The three models at one date: estimates, their uncertainty, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from python_jobs.lifetime import bootstrap, maximum
from python_jobs.lifetime.histories import Floats, Histories, Spendings
from python_jobs.lifetime.purchases import BG, MBG, Purchases
from python_jobs.lifetime.spending import Spending
from python_jobs.lifetime.summary import Population


@dataclass(frozen=True)
class Options:
    """How to fit.

    Attributes:
        draws: How many bootstrap samples tell the uncertainty.
        seed: The seed of the bootstrap.
        min_repeaters: How many customers with repeat purchases a fit needs.
    """

    draws: int = 50
    seed: int = 42
    min_repeaters: int = 100


@dataclass(frozen=True)
class Fitted:
    """One model at one date.

    Attributes:
        fit_date: Purchases before this date were fitted.
        model: What the field calls the model.
        fit: The estimates, or why there are none.
        draws: The estimates of the bootstrap samples that count, one row each.
        failed_draws: How many samples had no maximum; None where nothing was fitted.
    """

    fit_date: date
    model: str
    fit: maximum.Fit
    draws: Floats
    failed_draws: int | None

    def bounds(self) -> list[tuple[float | None, float | None]]:
        """The interval of each parameter."""
        if not len(self.draws):
            return [(None, None)] * len(self.fit.names)
        lower, upper = bootstrap.interval(self.draws)
        return list(zip(lower.tolist(), upper.tolist(), strict=True))

    @property
    def line(self) -> str:
        """What to tell a person."""
        if self.fit.parameters is None:
            return f"{self.model}: no fit, {self.fit.reason}"
        told = [
            f"{name} {estimate:.4g}{_unit(name)}"
            + (f" ({lower:.4g} to {upper:.4g})" if lower is not None else "")
            for name, estimate, (lower, upper) in zip(
                self.fit.names, self.fit.parameters, self.bounds(), strict=True
            )
        ]
        return (
            f"{self.model}: {', '.join(told)}; "
            f"log-likelihood {self.fit.log_likelihood:,.2f}"
        )


def fitted(
    population: Population, rows: Histories, values: Spendings, options: Options
) -> list[Fitted]:
    """Each model's fit, all with the same number of bootstrap samples."""
    likelihoods = (Purchases(BG, rows), Purchases(MBG, rows), Spending(values))
    found = [_fitted_one(population, one, options) for one in likelihoods]
    common = min(
        (len(one.draws) for one in found if one.fit.parameters is not None), default=0
    )
    return [replace(one, draws=one.draws[:common]) for one in found]


def _fitted_one(
    population: Population, likelihood: Purchases | Spending, options: Options
) -> Fitted:
    reason = _too_few(population, options.min_repeaters)
    found = (
        maximum.fit(likelihood)
        if reason is None
        else maximum.Fit(likelihood.names, reason)
    )
    draws, failed = np.empty((0, len(likelihood.names))), None
    if found.parameters is not None:
        drawn = bootstrap.bootstrap(likelihood, found, options.draws, options.seed)
        draws, failed = drawn.parameters, drawn.failed
        if 2 * failed > options.draws:
            reason = (
                f"only {options.draws - failed} of {options.draws} bootstrap samples "
                "could be fitted: the estimates are not to be relied on"
            )
            found = replace(found, reason=reason, parameters=None, log_likelihood=None)
            draws = draws[:0]
    return Fitted(population.fit_date, likelihood.name, found, draws, failed)


def _too_few(population: Population, least: int) -> str | None:
    if not population.customers:
        return "no customer had bought before this date"
    if population.repeaters < least:
        return (
            f"{population.repeaters} repeat buyers: fewer than the {least} that a fit "
            "needs"
        )
    return None


def _unit(parameter: str) -> str:
    return " days" if parameter == "alpha" else ""
