"""Purchases to expect of each distinct history, as rows of `ml.value_expectations`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as F

from python_jobs import contract
from python_jobs.lifetime.expectation import Forecast
from python_jobs.lifetime.fits import Fitted
from python_jobs.lifetime.histories import Floats, Histories
from python_jobs.lifetime.purchases import BG, MBG, Model
from python_jobs.lifetime.purchases import NAMES as PURCHASE_NAMES
from python_jobs.lifetime.summary import Population

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

DRAWS = "expected_purchases_365d_draws"


def expectations(
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
