"""The maximum of a likelihood, if it has one, and how far the data determine it.

The search is for the logarithms of the parameters, by Newton's method within a trust
region, from several starting points. A stop is believed only where the gradient is
nearly 0 and the likelihood falls off in every direction by more than the data's noise:
models of this kind have ridges along which two parameters run to infinity together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
from scipy.optimize import minimize

from python_jobs.lifetime.histories import Floats

# Of the mean log-likelihood of a customer, in logarithms of the parameters.
GRADIENT = 1e-7
RESAMPLED_GRADIENT = 1e-6
# Beyond a factor of e^12 from the data's own scale there is nothing sensible to find.
FARTHEST = 12.0
# A parameter that is only known to a factor of e^2 either way is not known.
LARGEST_ERROR = 2.0
STEP = 1e-4


class Likelihood(Protocol):
    """What can be fitted; a point is the logarithm of the parameters over `units`."""

    names: tuple[str, ...]
    units: Floats
    counts: Floats
    customers: float

    def no_fit_reason(self) -> str | None:
        """Why nothing can be fitted, if so."""

    def useless_reason(self, parameters: Floats) -> str | None:
        """Why nothing follows from these parameters, if so."""

    def starts(self) -> list[Floats]:
        """Starting points."""

    def log_likelihood(self, mean: float) -> float:
        """The log-likelihood in the caller's units."""

    def mean_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Mean log-likelihood of a customer, and its gradient."""

    def resampled(self: Resampled, counts: Floats) -> Resampled:
        """The same data with other counts."""


Resampled = TypeVar("Resampled", bound=Likelihood)


@dataclass(frozen=True)
class Fit:
    """What came of a fit.

    Attributes:
        names: The parameters.
        reason: Why there are no parameters, in words; None where there are.
        is_converged: Whether the maximum was found; None where it was not looked for.
        parameters: The estimates in the caller's units; None with a reason.
        log_likelihood: At the estimates; None with a reason.
        gradient: Largest element of the gradient of a customer's mean log-likelihood
            in the logarithms of the parameters; None where nothing was looked for.
        start_count: From how many starting points the maximum was looked for.
        point: Where the search ended, to fit resampled data from; None with a reason.
        inverse_curvature: Inverse of minus the second derivatives there.
    """

    names: tuple[str, ...]
    reason: str | None = None
    is_converged: bool | None = None
    parameters: Floats | None = None
    log_likelihood: float | None = None
    gradient: float | None = None
    start_count: int = 0
    point: Floats | None = field(default=None, repr=False)
    inverse_curvature: Floats | None = field(default=None, repr=False)


def fit(likelihood: Likelihood) -> Fit:
    """Find the maximum; never an exception for data that have none."""
    names = likelihood.names
    reason = likelihood.no_fit_reason()
    if reason is not None:
        return Fit(names, reason)
    starts = likelihood.starts()
    value, point = max(
        (_climbed(likelihood, start) for start in starts), key=lambda found: found[0]
    )
    if np.abs(point).max() > FARTHEST - 1:
        return Fit(names, _runaway(names, point), False, start_count=len(starts))
    value, gradient, point = _polished(likelihood, point)
    steepest = float(np.abs(gradient).max())
    curvature = _curvature(likelihood, point)
    reason = _undetermined(names, curvature * likelihood.customers)
    if reason is None and not steepest <= GRADIENT:
        reason = (
            "the search for the maximum stopped early: the mean log-likelihood "
            f"still changes by {steepest:.1g} per factor of e"
        )
    if reason is not None:
        return Fit(names, reason, False, None, None, steepest, len(starts))
    parameters = np.exp(point) * likelihood.units
    reason = likelihood.useless_reason(parameters)
    if reason is not None:
        return Fit(names, reason, True, None, None, steepest, len(starts))
    return Fit(
        names,
        None,
        True,
        parameters,
        likelihood.log_likelihood(value),
        steepest,
        len(starts),
        point,
        _symmetric(np.linalg.inv(curvature)),
    )


def refit(likelihood: Likelihood, near: Fit) -> Floats | None:
    """The parameters for resampled data, from the fit to all data.

    Returns:
        The estimates in the caller's units, or None where no maximum was found.
    """
    found = minimize(
        _objective(likelihood),
        near.point,
        jac=True,
        method="BFGS",
        options={"hess_inv0": near.inverse_curvature, "gtol": GRADIENT, "maxiter": 100},
    )
    # Near the maximum the line search may end for want of digits: the gradient decides.
    if not np.abs(found.jac).max() < RESAMPLED_GRADIENT:
        return None
    if np.abs(found.x).max() > FARTHEST - 1:
        return None
    parameters = np.exp(found.x) * likelihood.units
    return parameters if likelihood.useless_reason(parameters) is None else None


def _objective(likelihood: Likelihood) -> Callable[[Floats], tuple[float, Floats]]:
    def cost(point: Floats) -> tuple[float, Floats]:
        if not np.abs(point).max() < FARTHEST:
            # A step that long is refused, and a shorter one tried.
            return np.inf, np.zeros_like(point)
        value, gradient = likelihood.mean_and_gradient(point)
        return -value, -gradient

    return cost


def _climbed(likelihood: Likelihood, start: Floats) -> tuple[float, Floats]:
    """The best point that a search from one starting point meets."""
    found = minimize(
        _objective(likelihood),
        start,
        jac=True,
        hess=lambda point: _curvature(likelihood, point),
        method="trust-exact",
        options={"gtol": 1e-6, "maxiter": 200},
    )
    return -found.fun, found.x


def _polished(likelihood: Likelihood, point: Floats) -> tuple[float, Floats, Floats]:
    """Value, gradient and point after plain Newton steps, as long as these help."""
    value, gradient = likelihood.mean_and_gradient(point)
    for _ in range(5):
        if np.abs(gradient).max() <= GRADIENT / 100:
            break
        step = np.linalg.lstsq(_curvature(likelihood, point), gradient, rcond=None)[0]
        if np.abs(point + step).max() > FARTHEST:
            break
        tried, tried_gradient = likelihood.mean_and_gradient(point + step)
        if not np.abs(tried_gradient).max() < np.abs(gradient).max():
            break
        value, gradient, point = tried, tried_gradient, point + step
    return value, gradient, point


def _curvature(likelihood: Likelihood, point: Floats) -> Floats:
    """Minus the second derivatives, from differences of the gradient."""
    rows = [
        likelihood.mean_and_gradient(point - step)[1]
        - likelihood.mean_and_gradient(point + step)[1]
        for step in STEP * np.eye(len(point))
    ]
    return _symmetric(np.array(rows) / (2 * STEP))


def _symmetric(matrix: Floats) -> Floats:
    """The matrix without what rounding makes differ across its diagonal."""
    return (matrix + matrix.T) / 2


def _runaway(names: tuple[str, ...], point: Floats) -> str:
    far = np.abs(point) > FARTHEST / 2
    ways = [
        f"{name} {'grows' if value > 0 else 'shrinks'}"
        for name, value, is_far in zip(names, point, far, strict=True)
        if is_far
    ]
    return f"the likelihood has no maximum: it keeps rising as {' and '.join(ways)}"


def _undetermined(names: tuple[str, ...], information: Floats) -> str | None:
    """Which parameters the data leave open, given the information they hold."""
    values, vectors = np.linalg.eigh(information)
    if values[0] > LARGEST_ERROR**-2:
        return None
    open_names = [
        name
        for name, share in zip(names, np.abs(vectors[:, 0]), strict=True)
        if share > 0.3
    ]
    return (
        f"the data do not determine {' and '.join(open_names)}: very different values "
        "fit them equally well"
    )
