"""Likelihood of purchase histories under BG/NBD and MBG/NBD.

Both say: while alive, a customer buys at a constant rate, which varies between
customers as Gamma(r, alpha); after a purchase the customer is gone with a probability
p, which varies as Beta(a, b). In BG/NBD that can happen after each repeat purchase, in
MBG/NBD after the first purchase too. So both are one model with k chances to leave: x
or x + 1.

Likelihood of a history, with B the Beta function (BG/NBD: Fader, Hardie, Lee 2005,
"Counting Your Customers" the Easy Way, equation 6; MBG/NBD: Batislam, Denizel,
Filiztekin 2007, with the second term at x = 0 too):

    Gamma(r + x) alpha^r / Gamma(r) *
        [B(a, b + k) / B(a, b) / (alpha + T)^(r + x)
         + [k > 0] B(a + 1, b + k - 1) / B(a, b) / (alpha + t_x)^(r + x)]

The first term is for customers who are alive at T, the second for those who are gone.
Its logarithm is the first term's, plus log(1 + odds of being gone).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, expit, gammaln, psi

from python_jobs.lifetime.histories import Floats, Histories, dot, table

NAMES = ("r", "alpha", "a", "b")
# (r, a, b) to start from; the data tell the mean rate, so alpha follows from r.
STARTS = ((0.5, 1.0, 3.0), (0.2, 0.3, 10.0), (2.0, 3.0, 3.0))
# How many rows are worked on at once: their columns stay in the processor's cache, and
# are too short for the threads that `dot` avoids.
BLOCK = 8_192


@dataclass(frozen=True)
class Model:
    """A model of purchases.

    Attributes:
        name: What the field calls it.
        first_chances: Chances to leave at the first purchase.
    """

    name: str
    first_chances: int


BG = Model("BG/NBD", 0)
MBG = Model("MBG/NBD", 1)


class Purchases:
    """The likelihood of histories as a function of log(r, alpha, a, b).

    Attributes:
        name: The model.
        names: The parameters.
        units: What the parameters are measured in here, in the caller's units.
        counts: How many customers share each row of the data.
        customers: How many customers there are.
    """

    names = NAMES

    def __init__(self, model: Model, histories: Histories) -> None:
        """Prepare the tables."""
        self.model = model
        self.name = model.name
        self.histories = histories
        self._x = table(histories.x)
        # One logarithm per distinct time, not one per row.
        times = table(np.concatenate([histories.T, histories.t_x]))
        self._T_index, self._t_index = np.split(times.index, 2)
        # The time per purchase: as a unit it keeps alpha near r, whatever the caller's.
        purchases = dot(histories.counts, histories.x)
        age = dot(histories.counts, histories.T)
        self._unit = age / purchases if purchases else 1.0
        self._times = times.values / self._unit
        self.units = np.array([1.0, self._unit, 1.0, 1.0])
        # Rows are sorted by x, so those that cannot be gone come first.
        self._first = int(np.searchsorted(histories.x + model.first_chances, 1.0))
        self._weigh(histories.counts)

    def resampled(self, counts: Floats) -> Purchases:
        """The same histories with other counts and the same tables."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._weigh(counts)
        return twin

    def _weigh(self, counts: Floats) -> None:
        self.counts = counts
        self.customers = float(counts.sum())
        self._by_x = np.bincount(self._x.index, counts, len(self._x.values))
        self._by_T = np.bincount(self._T_index, counts, len(self._times))
        self._purchases_by_T = np.bincount(
            self._T_index, counts * self.histories.x, len(self._times)
        )

    def no_fit_reason(self) -> str | None:
        """Why nothing can be fitted, if so."""
        if not len(self.histories.x):
            return "there are no customers"
        if not self._x.values[-1]:
            return "nobody bought again: nothing tells how often customers buy"
        if len(self.histories.x) == 1:
            return "all customers have the same history: nothing tells them apart"
        return None

    def useless_reason(self, parameters: Floats) -> str | None:
        """Why nothing follows from these parameters: something always does."""
        return None

    def starts(self) -> list[Floats]:
        """Starting points, in logarithms."""
        # Customers leave, so while there they buy more often than once per unit.
        return [np.log([r, r / 2, a, b]) for r, a, b in STARTS]

    def log_likelihood(self, mean: float) -> float:
        """The log-likelihood in the caller's unit of time, from the mean in ours."""
        purchases = self._by_x @ self._x.values
        return float(self.customers * mean - purchases * np.log(self._unit))

    def mean_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Mean log-likelihood of a customer, and its gradient.

        Args:
            point: log(r, alpha, a, b), alpha in `units`.
        """
        r, alpha, a, b = np.exp(point)
        x = self._x.values
        k = x + self.model.first_chances
        shape = r + x
        log_times = np.log(alpha + self._times)
        exposed = r * self._by_T + self._purchases_by_T
        inverses = 1 / (alpha + self._times)
        # Alive at T: these terms need x and T, never the pair.
        value = self._by_x @ (
            gammaln(shape) - gammaln(r) + r * point[1] + betaln(a, b + k) - betaln(a, b)
        )
        value -= dot(exposed, log_times)
        by_r = self._by_x @ (psi(shape) - psi(r) + point[1]) - dot(
            self._by_T, log_times
        )
        by_alpha = self.customers * r / alpha - dot(exposed, inverses)
        change = psi(a + b) - psi(a + b + k)
        by_a = self._by_x @ change
        by_b = self._by_x @ (psi(b + k) - psi(b) + change)
        # Gone since t_x.
        chances = np.maximum(k, 1.0)
        log_odds = np.log(a) - np.log(b + chances - 1)
        gone_by_x = np.zeros_like(x)
        for begin in range(self._first, len(self.counts), BLOCK):
            rows = slice(begin, begin + BLOCK)
            counts = self.counts[rows]
            x_index = self._x.index[rows]
            T_index = self._T_index[rows]
            t_index = self._t_index[rows]
            shapes = shape[x_index]
            gap = log_times[T_index]
            gap -= log_times[t_index]
            odds = shapes * gap
            odds += log_odds[x_index]
            # log(1 + e^odds) and e^odds / (1 + e^odds), whatever the sign.
            small = np.exp(-np.abs(odds))
            total = 1 + small
            value += counts @ np.maximum(odds, 0.0) + counts @ np.log(total)
            gone = np.where(odds > 0, 1.0, small)
            gone /= total
            gone *= counts
            by_r += gone @ gap
            gone_by_x += np.bincount(x_index, gone, len(x))
            gone *= shapes
            by_alpha += gone @ (inverses[T_index] - inverses[t_index])
        by_a += gone_by_x.sum() / a
        by_b -= gone_by_x @ (1 / (b + chances - 1))
        gradient = np.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b])
        return float(value) / self.customers, gradient / self.customers


def alive_probability(
    model: Model, parameters: Floats, x: Floats, t_x: Floats, T: Floats
) -> Floats:
    """P(alive) at T of customers with these histories.

    Args:
        model: BG or MBG.
        parameters: r, alpha, a, b, alpha in the unit of the times.
        x: Repeat purchases, shape (n,).
        t_x: Age at the last purchase.
        T: Age.
    """
    r, alpha, a, b = parameters
    k = x + model.first_chances
    log_odds = (
        np.log(a)
        - np.log(b + np.maximum(k, 1.0) - 1)
        + (r + x) * np.log1p((T - t_x) / (alpha + t_x))
    )
    return np.where(k > 0, expit(-log_odds), 1.0)
