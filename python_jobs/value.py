"""`behavior value`: fit what customers will buy, and for how much, and publish it.

A run reads `marts.fct_customer_purchase_summary` at two dates, the as-of date and the
cut before it, and fits each model at each. It appends to each `value_` table of the
schema `ml` once; the row in `ml.value_runs` comes last and publishes the run. Until
then readers see the run before it. A model without a fit is published with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import reduce
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from python_jobs import contract, locks
from python_jobs.errors import UserError
from python_jobs.lifetime import bootstrap, maximum
from python_jobs.lifetime.expectation import Forecast
from python_jobs.lifetime.histories import (
    Floats,
    Histories,
    Spendings,
    histories,
    spendings,
)
from python_jobs.lifetime.purchases import BG, MBG, Model, Purchases
from python_jobs.lifetime.purchases import NAMES as PURCHASE_NAMES
from python_jobs.lifetime.spending import NAME as GAMMA_GAMMA
from python_jobs.lifetime.spending import Spending
from python_jobs.published import Run
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Row, SparkSession

INPUT = "fct_customer_purchase_summary"
COLUMNS = (
    "fit_date",
    "is_cut",
    "repeat_count",
    "last_purchase_age",
    "customer_age",
    "mean_repeat_value",
)
DRAWS = "expected_purchases_365d_draws"
# Mean values are told apart by so many digits: enough for a fit, and few enough values.
DIGITS = 4


@dataclass(frozen=True)
class Options:
    """How to fit.

    Attributes:
        draws: How many bootstrap samples tell the uncertainty.
        seed: The seed of the bootstrap.
        min_repeaters: How many customers with repeat purchases a fit needs.
        holdout_days: Where the cut is said to be when nobody had bought before it.
    """

    draws: int = 50
    seed: int = 42
    min_repeaters: int = 100
    holdout_days: int = 90


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


@dataclass(frozen=True)
class Population:
    """The customers at one date.

    Attributes:
        fit_date: The date.
        is_cut: Whether it is the cut before the as-of date.
        customers: Customers with a purchase day before the date.
        repeaters: Those with a repeat purchase day.
        correlation: Of repeat purchase days and mean repeat value among repeaters; None
            where one of them does not vary.
    """

    fit_date: date
    is_cut: bool
    customers: int
    repeaters: int
    correlation: float | None


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
        """Which models have no parameters, and why."""
        return [
            f"{one.model} has no fit before {one.fit_date}: {one.fit.reason}"
            for one in self.fits
            if one.fit.parameters is None
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
        UserError: There is nothing to fit, or another fit is under way.
    """
    with locks.exclusive(settings.home / "value.lock", "fitting value"):
        summary = _summary(spark, settings)
        contract.create_missing(spark, settings, "ml")
        return _run(Run(spark, settings), summary, options or Options())


def _run(run: Run, summary: DataFrame, options: Options) -> FittedRun:
    as_of, cut = populations = _populations(summary, options)
    gathered = [_gathered(summary, population.is_cut) for population in populations]
    fits: list[Fitted] = []
    expectations: list[DataFrame] = []
    holdout = (as_of.fit_date - cut.fit_date).days
    for population, (rows, values) in zip(populations, gathered, strict=True):
        fitted = _fitted(population, rows, values, options)
        fits += fitted
        expectations += _expected(run.spark, population, rows, fitted, holdout)
    run.append("value_fits", list(_fit_rows(populations, fits)))
    run.append("value_parameters", list(_parameter_rows(fits)))
    run.append("value_parameter_draws", list(_draw_rows(fits)))
    if expectations:
        united = reduce(lambda one, other: one.unionByName(other), expectations)
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


def _summary(spark: SparkSession, settings: Settings) -> DataFrame:
    table = f"{settings.schema('marts')}.{INPUT}"
    if not spark.catalog.tableExists(table):
        raise UserError(f"there is no {table}: run `behavior build` first")
    summary = spark.table(table)
    missing = [name for name in COLUMNS if name not in summary.columns]
    if missing:
        raise UserError(
            f"{table} has no {', '.join(missing)}: run `behavior build` first"
        )
    if summary.where(~F.col("is_cut")).isEmpty():
        raise UserError(f"{table} has no customers: run `behavior build` first")
    return summary


def _populations(summary: DataFrame, options: Options) -> list[Population]:
    """The customers at the as-of date and at the cut."""
    x = F.when(F.col("repeat_count") > 0, F.col("repeat_count").cast("bigint"))
    m = F.when(x.isNotNull(), F.col("mean_repeat_value").cast("decimal(18,2)"))
    rows = (
        summary.groupBy("is_cut")
        .agg(
            F.max("fit_date").alias("fit_date"),
            F.count(F.lit(1)).alias("customers"),
            F.count(x).alias("repeaters"),
            # Exact sums: the order in which rows come does not show in the last digit.
            F.sum(x).alias("x"),
            F.sum(x * x).alias("xx"),
            F.sum(m).alias("m"),
            F.sum(m * m).alias("mm"),
            F.sum(x.cast("decimal(10,0)") * m).alias("xm"),
        )
        .collect()
    )
    found = {
        row["is_cut"]: Population(
            row["fit_date"],
            row["is_cut"],
            row["customers"],
            row["repeaters"],
            _correlation(row),
        )
        for row in rows
    }
    as_of = found[False]
    before = as_of.fit_date - timedelta(days=options.holdout_days)
    return [as_of, found.get(True, Population(before, True, 0, 0, None))]


def _correlation(sums: Row) -> float | None:
    """The correlation that some sums over the repeaters tell."""
    n = sums["repeaters"]
    if not n:
        return None
    x, xx, m, mm, xm = (Fraction(sums[name]) for name in ("x", "xx", "m", "mm", "xm"))
    spread = (n * xx - x * x) * (n * mm - m * m)
    return float(n * xm - x * m) / sqrt(spread) if spread else None


def _gathered(summary: DataFrame, is_cut: bool) -> tuple[Histories, Spendings]:
    """Distinct histories and mean values of one date, with their customers' number."""
    at_date = summary.where(F.col("is_cut") == is_cut)
    triple = ("repeat_count", "last_purchase_age", "customer_age")
    rows = at_date.groupBy(*triple).count().toArrow()
    m = F.col("mean_repeat_value").cast("double")
    digit = (F.floor(F.log10(m)) - (DIGITS - 1)).cast("int")
    pair = ("repeat_count", "digit", "significant")
    values = (
        at_date.where((F.col("repeat_count") > 0) & (m > 0))
        .withColumn("digit", digit)
        .withColumn("significant", F.round(m / F.pow(F.lit(10.0), "digit")).cast("int"))
        .groupBy(*pair)
        .count()
        .toArrow()
    )
    x, digit, significant, counts = (
        values[name].to_numpy() for name in (*pair, "count")
    )
    return (
        histories(*(rows[name].to_numpy() for name in (*triple, "count"))),
        spendings(x, significant * 10.0**digit, counts),
    )


def _fitted(
    population: Population, rows: Histories, values: Spendings, options: Options
) -> list[Fitted]:
    """The three models at one date, with as many bootstrap samples each."""
    likelihoods = (Purchases(BG, rows), Purchases(MBG, rows), Spending(values))
    fitted = [_fitted_one(population, one, options) for one in likelihoods]
    common = min(
        (len(one.draws) for one in fitted if one.fit.parameters is not None), default=0
    )
    return [replace(one, draws=one.draws[:common]) for one in fitted]


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


def _expected(
    spark: SparkSession,
    population: Population,
    rows: Histories,
    fitted: list[Fitted],
    holdout: int,
) -> Iterator[DataFrame]:
    """Purchases to expect per history: at the cut those of the hold-out.

    A customer's expectation is P(alive) times that of a customer who is alive. The
    second takes the quadrature, and is sent per pair of x and T; the first is SQL.
    So the numbers per history, hundreds of megabytes for a million customers, come into
    being where they are written.
    """
    if all(one.fit.parameters is None for one in fitted):
        return
    histories = spark.createDataFrame(
        pa.table(
            {
                "repeat_count": rows.x.astype(np.int32),
                "last_purchase_age": rows.t_x.astype(np.int32),
                "customer_age": rows.T.astype(np.int32),
            }
        )
    )
    days = (
        {"expected_purchases_holdout": holdout}
        if population.is_cut
        else {f"expected_purchases_{days}d": days for days in (30, 90, 365)}
    )
    types = contract.columns("ml", "value_expectations")
    for model, one in zip((BG, MBG), fitted, strict=False):
        estimates = one.fit.parameters
        if estimates is None:
            continue
        forecast = Forecast(model, rows)
        pairs = {
            "repeat_count": forecast.x.astype(np.int32),
            "customer_age": forecast.T.astype(np.int32),
        }
        for name, t in days.items():
            pairs[name] = forecast.if_alive(estimates, float(t))
        alive = _alive(model, *(F.lit(number) for number in estimates.tolist()))
        expected = {name: F.col(name) * alive for name in days}
        if not population.is_cut and len(one.draws):
            drawn = [forecast.if_alive(draw, 365.0) for draw in one.draws]
            pairs[DRAWS] = _lists(np.column_stack(drawn))
            expected[DRAWS] = _times_alive(model, one.draws)
        known = {"fit_date": F.lit(one.fit_date), "model": F.lit(one.model), **expected}
        yield histories.join(
            spark.createDataFrame(pa.table(pairs)),
            ["repeat_count", "customer_age"],
            "inner",
        ).select(
            "repeat_count",
            "last_purchase_age",
            "customer_age",
            *(column.alias(name) for name, column in known.items()),
            *(
                F.lit(None).cast(kind).alias(name)
                for name, kind in types.items()
                if name.startswith("expected_") and name not in expected
            ),
        )


def _alive(model: Model, r: Column, alpha: Column, a: Column, b: Column) -> Column:
    """P(alive) of a row with a history, as purchases.alive_probability has it."""
    x = F.col("repeat_count")
    k = x + model.first_chances
    silence = (alpha + F.col("customer_age")) / (alpha + F.col("last_purchase_age"))
    odds = a / (b + k - 1) * F.pow(silence, r + x)
    return F.when(k > 0, 1 / (1 + odds)).otherwise(1.0)


def _times_alive(model: Model, draws: Floats) -> Column:
    """The array of expectations if alive, each times its draw's P(alive)."""
    parameters = F.array(
        *(
            F.struct(
                *(
                    F.lit(number).alias(name)
                    for name, number in zip(PURCHASE_NAMES, draw, strict=True)
                )
            )
            for draw in draws.tolist()
        )
    )
    return F.zip_with(
        DRAWS,
        parameters,
        lambda number, draw: (
            number * _alive(model, *(draw[name] for name in PURCHASE_NAMES))
        ).cast("float"),
    )


def _lists(rows: Floats) -> pa.Array:
    """A column with the rows of a matrix."""
    ends = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(ends, rows.ravel())


def _fit_rows(
    populations: list[Population], fits: list[Fitted]
) -> Iterator[dict[str, object]]:
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


def _parameter_rows(fits: list[Fitted]) -> Iterator[dict[str, object]]:
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


def _draw_rows(fits: list[Fitted]) -> Iterator[dict[str, object]]:
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


def _unit(parameter: str) -> str:
    return " days" if parameter == "alpha" else ""
