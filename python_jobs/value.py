"""`behavior value`: fit what customers will buy, and for how much, and publish it.

A run reads `marts.fct_customer_purchase_summary` at two dates, the as-of date and the
cut before it, and fits each model at each. It appends to each `value_` table of the
schema `ml` once; the row in `ml.value_runs` comes last and publishes the run. Until
then readers see the run before it. A model without a fit is published with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

from python_jobs import contract, locks
from python_jobs.lifetime import rows, summary
from python_jobs.lifetime.fits import Fitted, Options, fitted
from python_jobs.lifetime.forecasts import expectations
from python_jobs.lifetime.spending import NAME as GAMMA_GAMMA
from python_jobs.lifetime.summary import Population
from python_jobs.published import Run
from python_jobs.settings import Settings, variable

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class FittedRun:
    """A published run.

    Attributes:
        run_id: The run.
        populations: The customers at the as-of date, then at the cut.
        fits: Each model at each of these dates.
    """

    run_id: str
    populations: list[Population]
    fits: list[Fitted]

    @property
    def warnings(self) -> list[str]:
        """Which models have no parameters, and why; which ask for care."""
        without = [
            f"{one.model} has no fit before {one.fit_date}: {one.fit.reason}"
            for one in self.fits
            if one.fit.parameters is None
        ]
        dates = {
            one.fit_date
            for one in self.fits
            if one.model == GAMMA_GAMMA and one.fit.parameters is not None
        }
        return without + [
            "number and value of purchases depend on each other before "
            f"{one.fit_date} (correlation {one.correlation:.2f}), which {GAMMA_GAMMA} "
            "takes not to be so: take amounts of money with care"
            for one in self.populations
            if one.fit_date in dates
            and one.correlation is not None
            and abs(one.correlation) > variable("value_max_correlation")
        ]

    @property
    def lines(self) -> list[str]:
        """What to tell a person: each date, and below it its models."""
        told = []
        for population in self.populations:
            kind = "hold-out, before" if population.is_cut else "before"
            told.append(
                f"{kind} {population.fit_date}: {population.customers:,} customers, "
                f"{population.repeaters:,} of them bought again"
            )
            told += [
                f"  {fitted.line}"
                for fitted in self.fits
                if fitted.fit_date == population.fit_date
            ]
            if population.correlation is not None:
                told.append(
                    "  number of repeat purchases and their mean value correlate at "
                    f"{population.correlation:.2f} ({GAMMA_GAMMA} takes that to be 0)"
                )
        return told


def fit(
    spark: SparkSession, settings: Settings, options: Options | None = None
) -> FittedRun:
    """Fit, publish, and return what was found.

    Raises:
        NothingToLearnError: Nobody has bought yet.
        UserError: The summary is not there, or another fit is under way.
    """
    with locks.exclusive(settings.lock_file("value"), "fitting value"):
        customers = summary.read(spark, settings)
        contract.create_missing(spark, settings, "ml")
        return _run(Run(spark, settings), customers, options or Options())


def _run(run: Run, customers: DataFrame, options: Options) -> FittedRun:
    populations = summary.populations(customers)
    as_of, cut = populations
    holdout = (as_of.fit_date - cut.fit_date).days
    fits: list[Fitted] = []
    expected: list[DataFrame] = []
    for population in populations:
        histories, values = summary.gathered(customers, population.is_cut)
        found = fitted(population, histories, values, options)
        fits += found
        expected += expectations(run.spark, population, histories, found, holdout)
    run.append("value_fits", list(rows.fit_rows(populations, fits)))
    run.append("value_parameters", list(rows.parameter_rows(fits)))
    run.append("value_parameter_draws", list(rows.draw_rows(fits)))
    if expected:
        united = reduce(lambda one, other: one.unionByName(other), expected)
        run.append_frame("value_expectations", united)
    run.append(
        "value_runs",
        [
            {
                "fitted_at": datetime.now(UTC),
                "as_of_date": as_of.fit_date,
                "cut_date": cut.fit_date,
                "seed": options.seed,
                "draw_count": options.draws,
            }
        ],
    )
    return FittedRun(run.run_id, populations, fits)
