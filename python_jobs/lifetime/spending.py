"""Likelihood of mean purchase values under Gamma-Gamma, and the values to expect.

The value of a purchase varies around the customer's mean as Gamma(p, nu), and nu varies
between customers as Gamma(q, v); neither depends on how often the customer buys.
Likelihood of the mean m of x purchases (Fader, Hardie 2013, "The Gamma-Gamma Model of
Monetary Value", equation 1a):

    Gamma(p x + q) / (Gamma(p x) Gamma(q)) *
        v^q m^(p x - 1) x^(p x) / (v + x m)^(p x + q)
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, psi

from python_jobs.lifetime.histories import Floats, Spendings, dot, table

NAME = "Gamma-Gamma"
NAMES = ("p", "q", "v")
# (p, q) to start from: the data tell the mean, so v follows.
STARTS = ((5.0, 4.0), (1.0, 2.0), (30.0, 10.0))


class Spending:
    """The likelihood of mean values as a function of log(p, q, v).

    Attributes:
        name: The model.
        names: The parameters.
        units: What the parameters are measured in here, in the caller's units.
        counts: How many customers share each row of the data.
        customers: How many customers with repeat purchases there are.
    """

    name = NAME
    names = NAMES

    def __init__(self, spendings: Spendings) -> None:
        """Prepare the tables; money is measured in mean values from here on."""
        self.spendings = spendings
        self._x = table(spendings.x)
        weights = spendings.counts * spendings.x
        unit = float(np.average(spendings.m, weights=weights)) if len(weights) else 1.0
        self._unit = unit
        self.units = np.array([1.0, 1.0, unit])
        self._sums = spendings.x * spendings.m / unit
        self._log_sums = np.log(self._sums)
        self._log_means = np.log(spendings.m / unit)
        self._weigh(spendings.counts)

    def resampled(self, counts: Floats) -> Spending:
        """The same pairs with other counts and the same tables."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._weigh(counts)
        return twin

    def _weigh(self, counts: Floats) -> None:
        self.counts = counts
        self.customers = float(counts.sum())
        self._by_x = np.bincount(self._x.index, counts, len(self._x.values))
        self._log_mean = dot(counts, self._log_means)
        self._log_sum_times_x = dot(counts * self.spendings.x, self._log_sums)

    def no_fit_reason(self) -> str | None:
        """Why nothing can be fitted, if so."""
        if not len(self.spendings.m):
            return "nobody bought again: no repeat purchase has a value"
        if np.ptp(self.spendings.m) == 0:
            return "all customers have the same mean value: nothing tells them apart"
        return None

    def useless_reason(self, parameters: Floats) -> str | None:
        """Why nothing follows from these parameters, if so."""
        q = parameters[1]
        if q > 1:
            return None
        return f"q is {q:.2f}: at 1 or less a purchase has no mean value to expect"

    def starts(self) -> list[Floats]:
        """Starting points, in logarithms."""
        return [np.log([p, q, (q - 1) / p]) for p, q in STARTS]

    def log_likelihood(self, mean: float) -> float:
        """The log-likelihood in the caller's unit of money, from the mean in ours."""
        return float(self.customers * (mean - np.log(self._unit)))

    def mean_and_gradient(self, point: Floats) -> tuple[float, Floats]:
        """Mean log-likelihood of a customer, and its gradient.

        Args:
            point: log(p, q, v), v in `units`.
        """
        p, q, v = np.exp(point)
        x = self._x.values
        shape = p * x
        total = self._sums + v
        logs = np.log(total)
        by_x = np.bincount(self._x.index, self.counts * logs, len(x))
        inverse_by_x = np.bincount(self._x.index, self.counts / total, len(x))
        value = self._by_x @ (
            gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * point[2]
        )
        # m^(p x - 1) x^(p x) is (m x)^(p x) / m.
        value += p * self._log_sum_times_x - self._log_mean - (shape + q) @ by_x
        change = psi(shape + q)
        by_p = self._by_x @ (x * (change - psi(shape)))
        by_p += self._log_sum_times_x - x @ by_x
        by_q = self._by_x @ (change - psi(q) + point[2]) - by_x.sum()
        by_v = self.customers * q / v - (shape + q) @ inverse_by_x
        gradient = np.array([by_p * p, by_q * q, by_v * v])
        return float(value) / self.customers, gradient / self.customers


def mean_value(parameters: Floats) -> float:
    """Mean value of a purchase over all customers; infinite where q is 1 or less.

    Args:
        parameters: p, q, v, v in the caller's unit of money.
    """
    p, q, v = parameters
    return float(p * v / (q - 1)) if q > 1 else float("inf")


def expected_value(parameters: Floats, x: Floats, m: Floats) -> Floats:
    """Expected value of a customer's purchases, given the mean m of x of them.

    Args:
        parameters: p, q, v, with q above 1.
        x: Repeat purchases, shape (n,); 0 gives the mean of all customers.
        m: Their mean value; not looked at where x is 0.
    """
    p, q, v = parameters
    return p * (v + x * np.where(x > 0, m, 0.0)) / (p * x + q - 1)
