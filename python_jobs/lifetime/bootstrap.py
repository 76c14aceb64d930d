"""Uncertainty of fitted parameters: the same fit on resampled customers.

A bootstrap sample draws as many customers as there are, with replacement; on counts per
distinct history that is one multinomial draw. It tells how far the parameters depend on
which customers there happen to be, not how far the model is from the truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from python_jobs.lifetime.histories import Floats
from python_jobs.lifetime.maximum import Fit, Likelihood, refit

LOWER, UPPER = 5.0, 95.0


@dataclass(frozen=True)
class Draws:
    """Parameters of the bootstrap samples.

    Attributes:
        parameters: In the caller's units, shape (converged samples, parameters).
        failed: How many samples had no maximum; they are left out.
    """

    parameters: Floats
    failed: int


def bootstrap(likelihood: Likelihood, near: Fit, draws: int, seed: int) -> Draws:
    """Fit bootstrap samples of the customers.

    Args:
        likelihood: The likelihood of all customers.
        near: Its fit, with parameters.
        draws: How many samples.
        seed: The same seed gives the same samples.
    """
    random = np.random.default_rng(seed)
    size = round(likelihood.customers)
    shares = likelihood.counts / likelihood.customers
    found = []
    for _ in range(draws):
        counts = random.multinomial(size, shares).astype(float)
        found.append(refit(likelihood.resampled(counts), near))
    kept = [parameters for parameters in found if parameters is not None]
    return Draws(
        np.array(kept).reshape(len(kept), len(near.names)), len(found) - len(kept)
    )


def interval(parameters: Floats) -> tuple[Floats, Floats]:
    """The 5th and the 95th percentile of each column; needs at least one row."""
    lower, upper = np.percentile(parameters, [LOWER, UPPER], axis=0)
    return lower, upper
