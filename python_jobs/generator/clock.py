"""The clocks that customers live by, and how they turn into calendar days.

On its own clock, in days, a purchase process is plain BG/NBD. The calendar is that
clock bent, so that season and weekdays show without touching the process itself. The
bend stands here twice, in numpy for the plan and in SQL for the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from python_jobs.generator.expressions import bend, number, piece, trait
from python_jobs.generator.options import Options
from python_jobs.generator.personas import Persona

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

YEAR = 365.25


@dataclass(frozen=True)
class Clock:
    """How one persona's own clock runs against the calendar of one history.

    Attributes:
        weekdays: Weights of Monday to Sunday, adding up to 1.
        strength: Of the season; 0 for none.
        peak: The season's peak, in days since the history's first day.
        first_weekday: Weekday of the first day, 0 for Monday.
    """

    weekdays: tuple[float, ...]
    strength: float
    peak: float
    first_weekday: int

    @classmethod
    def of(cls, persona: Persona, options: Options) -> Clock:
        """The clock of a persona in the history that the options ask for."""
        total = sum(persona.weekdays)
        strength, peak = persona.season
        return cls(
            weekdays=(
                tuple(weight / total for weight in persona.weekdays)
                if options.weekday_profile
                else (1 / 7,) * 7
            ),
            strength=strength if options.season else 0.0,
            peak=peak - options.start_date.timetuple().tm_yday,
            first_weekday=options.start_date.weekday(),
        )

    @property
    def monday(self) -> float:
        """How far the first week has run at the first day, in days of a mean week."""
        return 7 * sum(self.weekdays[: self.first_weekday])

    def calendar(self, moment: np.ndarray) -> np.ndarray:
        """Calendar days since the history began; with_calendar is the same in SQL."""
        turn = 2 * math.pi / YEAR
        mean = moment - self.strength / turn * (
            np.sin(turn * (moment - self.peak)) + math.sin(turn * self.peak)
        )
        week, part = np.divmod((mean + self.monday) / 7, 1)
        ends = np.concatenate(([0.0], np.cumsum(self.weekdays)))
        return 7 * week + np.interp(part, ends, np.arange(8)) - self.first_weekday

    def moment(self, day: float) -> float:
        """The moment on the persona's own clock when a calendar day begins."""
        # The season and a week shift the clock by less than these bounds.
        slack = 2 * YEAR / (2 * math.pi) * self.strength + 8
        return brentq(
            lambda moment: float(self.calendar(np.array(moment))) - day,
            day - slack,
            day + slack,
            xtol=1e-9,
        )


def with_calendar(rows: DataFrame, clocks: Sequence[Clock], moment: str) -> DataFrame:
    """Add the day of a moment and the part of it that has passed: Clock.calendar.

    Args:
        rows: Rows with a column `persona`.
        clocks: The clock of each persona.
        moment: A column with a moment on that clock.

    Returns:
        The rows with `day`, counted from the history's first, and `part`, 0 to 1.
    """
    weekdays = [clock.weekdays for clock in clocks]
    turn = 2 * math.pi / YEAR
    season = "0D"
    if any(clock.strength for clock in clocks):
        season = f"""
            {trait([clock.strength / turn for clock in clocks])} * (
                sin({number(turn)} * ({moment} - {trait([c.peak for c in clocks])}))
                + {trait([math.sin(turn * clock.peak) for clock in clocks])})
        """
    mondays = trait([clock.monday for clock in clocks])
    # One step at a time: what a step reads more than once, Spark computes only once.
    return (
        rows.selectExpr("*", f"({moment} - {season} + {mondays}) / 7 as weeks")
        .selectExpr("*", "weeks - floor(weeks) as week_part")
        .selectExpr("*", f"{piece('week_part', weekdays)} as weekday")
        .selectExpr(
            "* except (weeks, week_part, weekday)",
            f"""
            floor(weeks) * 7 + {bend("week_part", "weekday", weekdays)}
                - {clocks[0].first_weekday} as days
            """,
        )
        .selectExpr(
            "* except (days)",
            "cast(floor(days) as int) as day",
            "days - floor(days) as part",
        )
    )
