"""What a history is to hold, and the purchase rates that make it so."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.special import roots_genlaguerre, roots_jacobi

from python_jobs.errors import UserError
from python_jobs.generator.clock import Clock
from python_jobs.generator.options import Options
from python_jobs.generator.personas import PERSONAS, Persona

LONGEST_DELAY = 30  # days until the last return or correction of a line is there
LATE_DAYS = 14
REGISTERED_BEFORE = 0.3
PROSPECTS = 0.04
FASTEST = 100.0  # purchases a day that nobody wants, as an upper bound
# The part of all the lines that customers could buy before they leave, at the most: who
# bought faster would be gone in weeks.
BUSIEST = 0.5
FULLEST = 25.0  # times a persona's own lines, in a basket


@dataclass(frozen=True)
class Period:
    """The days that one delivery covers, counted from the history's first.

    Attributes:
        begin: The first day; None where all that came before counts as well.
        end: The day after the last.
    """

    begin: int | None
    end: int

    def covers(self, day: str) -> str:
        """The condition that a day, as SQL, is in the period."""
        begin = "" if self.begin is None else f" and {day} >= {self.begin}"
        return f"({day} < {self.end}{begin})"


@dataclass(frozen=True)
class Level:
    """What makes a history hold as many transactions as it shall.

    Attributes:
        buyers: The part of the customers that ever buys.
        rate: The mean purchase rate of them all, relative to the personas' own.
        fullness: How many times the lines of the personas' baskets a basket has.
    """

    buyers: float
    rate: float
    fullness: float


@dataclass(frozen=True)
class Plan:
    """The options of a history, and what follows from them for every period of it."""

    options: Options
    personas: tuple[Persona, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Take the personas that the options ask for."""
        object.__setattr__(self, "personas", PERSONAS[: self.options.personas])

    @cached_property
    def shares(self) -> list[float]:
        """Part of the customers in each persona."""
        total = sum(persona.share for persona in self.personas)
        return [persona.share / total for persona in self.personas]

    @cached_property
    def clocks(self) -> list[Clock]:
        """The clock of each persona."""
        return [Clock.of(persona, self.options) for persona in self.personas]

    @property
    def _slack(self) -> int:
        # A plan of a year or more covers whole weeks, and up to six days on top of
        # them: 365 days and 366 then follow one plan, and one is the other continued.
        return 7 if self.options.days >= 350 else 1

    @property
    def planned_days(self) -> int:
        """All the history's first customers have registered when these have passed."""
        return self.options.days // self._slack * self._slack

    @property
    def growth_day(self) -> int:
        """The first day on which customers beyond the planned ones register."""
        return self.planned_days + self._slack - 1

    @property
    def registered_before(self) -> int:
        """How many customers have registered before the history began."""
        return round(REGISTERED_BEFORE * self.options.customers)

    @property
    def daily_customers(self) -> float:
        """How many customers register on a day of growth."""
        return (self.options.customers - self.registered_before) / self.planned_days

    def moments(self, day: float) -> list[float]:
        """When a calendar day begins on the clock of each persona."""
        return [clock.moment(day) for clock in self.clocks]

    @property
    def first_purchases_end(self) -> float:
        """When the last of the planned customers first buys; some do after the plan."""
        return self.planned_days * (1 + PROSPECTS)

    def customers_until(self, day: int) -> int:
        """No customer numbered from here on has registered before that day."""
        if day <= self.growth_day:
            return self.options.customers
        # A registration precedes its purchase by LATE_DAYS at most.
        grown = max(
            end - begin
            for begin, end in zip(
                self.moments(self.growth_day),
                self.moments(day + LATE_DAYS),
                strict=True,
            )
        )
        return self.options.customers + math.ceil(grown * self.daily_customers)

    @cached_property
    def level(self) -> Level:
        """What makes as many transactions as the options ask for.

        Raises:
            UserError: So many transactions cannot come of so many customers and days.
        """
        lines = self.options.customers * self._lines_per_basket_line
        per_customer = self.options.transactions / lines
        once, most = self._baskets(0.0), self._baskets(FASTEST)
        # Below, hardly anybody could come back: then fewer buy at all. Above, nobody
        # would stay for a year: then each buys more at once.
        few = min(1.5 * once, (once + most) / 2)
        many = max(few, BUSIEST * most)
        if per_customer > FULLEST * many:
            raise UserError(
                f"transactions is {self.options.transactions}: with "
                f"{self.options.customers} customers and {self.options.days} days it "
                f"can be {int(FULLEST * many * lines)} at most"
            )
        bought = min(max(per_customer, few), many)
        return Level(
            buyers=min(1.0, per_customer / few),
            rate=self._rate(bought) if most > once else 0.0,
            fullness=max(1.0, per_customer / many),
        )

    @property
    def alphas(self) -> list[float]:
        """Alpha of each persona's Gamma of purchase rates, in days."""
        return [
            persona.rate_shape / (persona.rate_mean * max(self.level.rate, 1e-12))
            for persona in self.personas
        ]

    @property
    def basket_scales(self) -> list[float]:
        """V of each persona's Gamma-Gamma."""
        return [
            persona.basket_mean * (persona.basket_spread - 1) / persona.basket_shape
            for persona in self.personas
        ]

    @property
    def _horizon(self) -> float:
        """Where the expectation is taken: the middle of what one plan covers."""
        return self.planned_days + (self._slack - 1) / 2

    @property
    def _lines_per_basket_line(self) -> float:
        """Lines per line of a basket: returns come on top, what is late is missing."""
        options = self.options

        def arrived(longest: int) -> float:
            delays = np.arange(longest + 1)
            return float(np.maximum(0.0, 1 - delays / self._horizon).mean())

        return (
            1
            + options.rate("return") * arrived(LONGEST_DELAY)
            - options.rate("late") * (1 - arrived(LATE_DAYS))
        )

    def _rate(self, per_customer: float) -> float:
        return math.exp(
            brentq(
                lambda level: self._baskets(math.exp(level)) - per_customer,
                math.log(1e-12),
                math.log(FASTEST),
                xtol=1e-6,
            )
        )

    def _baskets(self, rate: float) -> float:
        """Expected basket lines per buying customer until the horizon."""
        total = 0.0
        for persona, share, clock in zip(
            self.personas, self.shares, self.clocks, strict=True
        ):
            window = clock.moment(self.first_purchases_end)
            first = (np.arange(64) + 0.5) / 64 * window
            left = clock.moment(self._horizon) - first
            repeats = _expected_repeats(persona, rate, np.maximum(left, 0))
            occasions = np.where(left > 0, 1 + repeats, 0).mean()
            total += share * occasions * (1 + sum(persona.extra_lines))
        return float(total)


def _expected_repeats(persona: Persona, rate: float, time: np.ndarray) -> np.ndarray:
    """E[(1 - exp(-lambda p t)) / p] over the persona's lambda and p, per time."""
    if rate == 0:
        return np.zeros_like(time)
    a, b = persona.dropout
    shape = persona.rate_shape
    rates, rate_weights = roots_genlaguerre(48, shape - 1)
    rates = rates * persona.rate_mean * rate / shape
    # Two purchases are at least a day apart, which slows the fastest a little.
    rates = 1 / (1 + np.exp(-rates) / rates)
    nodes, node_weights = roots_jacobi(48, b - 1, a - 1)
    dropouts = (nodes + 1) / 2
    grid = -np.expm1(-rates[:, None, None] * dropouts[:, None] * time)
    repeats = np.einsum(
        "i,j,ijk->k",
        rate_weights / rate_weights.sum(),
        node_weights / node_weights.sum() / dropouts,
        grid,
    )
    return np.where(time < 1, 0.0, repeats)
