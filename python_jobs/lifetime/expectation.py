"""Purchases to expect of a customer, given the history.

A customer who is alive at T, buys at the rate L and leaves after a purchase with the
probability p makes (1 - exp(-L p t)) / p purchases within t. Given the history, L and p
are independent while alive: Gamma(r + x, alpha + T) and Beta(a, b + k), where k is the
number of chances to leave so far (see purchases.py). With L integrated out,

    E[Y(t)] = P(alive) * E[(1 - (1 + p c)^-s) / p],  c = t / (alpha + T),  s = r + x

For BG/NBD this is the formula of Fader, Hardie, Lee 2005 (equation 10), whose Gaussian
hypergeometric function stands for the same expectation over p; for MBG/NBD it is the
counterpart. Unlike that form it has no 1 / (a - 1), nothing cancels in it, and it
cannot leave 0 to s c, the purchases of a customer who surely stays. And but for
P(alive) it takes x and T only: there are far fewer of these pairs than of histories.

What is averaged is smooth in p, so Gauss quadrature with the Beta density as its weight
needs few points: 64 give ten digits as long as t is below 40 times alpha + T.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh_tridiagonal

from python_jobs.lifetime.histories import Floats, Histories, table
from python_jobs.lifetime.purchases import Model, alive_probability

POINTS = 64


class Forecast:
    """Expected purchases of the customers of some histories under one model.

    Attributes:
        x: Repeat purchases of each distinct pair, shape (pairs,).
        T: Its age.
    """

    def __init__(self, model: Model, histories: Histories) -> None:
        """Find the distinct pairs of x and T."""
        self.model = model
        self.histories = histories
        # Rows are sorted by x, then T.
        x, T = histories.x, histories.T
        is_first = np.ones(len(x), dtype=bool)
        is_first[1:] = (np.diff(x) != 0) | (np.diff(T) != 0)
        self._pair = np.cumsum(is_first) - 1
        self.x, self.T = x[is_first], T[is_first]
        self._x = table(self.x)

    def expected(self, parameters: Floats, t: float) -> Floats:
        """Expected purchases within t after T, one number per history.

        Args:
            parameters: r, alpha, a, b, alpha in the unit of the times.
            t: A length of time in the same unit.
        """
        rows = self.histories
        alive = alive_probability(self.model, parameters, rows.x, rows.t_x, rows.T)
        return alive * self.if_alive(parameters, t)[self._pair]

    def if_alive(self, parameters: Floats, t: float) -> Floats:
        """The same of customers who are alive at T, one number per pair."""
        r, alpha, a, b = parameters
        k = self._x.values + self.model.first_chances
        points, weights = beta_rule(a, b + k, POINTS)
        expected = np.empty(len(self.T))
        ends = np.searchsorted(self._x.index, np.arange(len(k) + 1))
        for number, x in enumerate(self._x.values):
            rows = slice(ends[number], ends[number + 1])
            s = r + x
            c = t / (alpha + self.T[rows])
            # No 0 / 0 where p is 0 as far as digits go.
            p = np.maximum(points[number], 1e-18)
            pc = np.outer(c, p)
            share = -np.expm1(-s * np.log1p(pc)) / (s * pc)
            # Not `@`, for the reason that `dot` gives.
            mean = np.einsum("ij,j->i", share, weights[number])
            expected[rows] = s * c * np.minimum(mean, 1.0)
        return expected


def beta_rule(a: float, b: Floats, size: int) -> tuple[Floats, Floats]:
    """Gauss quadrature for averages over Beta(a, b).

    Golub and Welsch's way: the points are the eigenvalues of the matrix of the Beta
    density's orthogonal polynomials, here from its canonical moments (Dette, Studden
    1997, The Theory of Canonical Moments): all positive, so that nothing cancels.

    Args:
        a: Above 0.
        b: Above 0, shape (n,).
        size: How many points.

    Returns:
        Points and weights, shape (n, size) each; weights add up to 1.
    """
    total = (a + b)[:, None]
    n = np.arange(1, size + 1)
    moments = np.empty((len(b), 2 * size))
    moments[:, 0::2] = (a + n - 1) / (total + 2 * n - 2)
    moments[:, 1::2] = n / (total + 2 * n - 1)
    rests = 1 - moments
    # 1 - (a + n - 1) / (a + b + 2n - 2) and the like, without the difference.
    rests[:, 0::2] = (b[:, None] + n - 1) / (total + 2 * n - 2)
    rests[:, 1::2] = (total + n - 1) / (total + 2 * n - 1)
    chain = moments.copy()
    chain[:, 1:] *= rests[:, :-1]
    diagonal = chain[:, 0::2].copy()
    diagonal[:, 1:] += chain[:, 1:-1:2]
    beside = np.sqrt(chain[:, 0:-2:2] * chain[:, 1:-1:2])
    points, weights = np.empty((2, len(b), size))
    for row in range(len(b)):
        points[row], vectors = eigh_tridiagonal(
            diagonal[row], beside[row], check_finite=False, lapack_driver="stevd"
        )
        weights[row] = vectors[0] ** 2
    return points, weights
