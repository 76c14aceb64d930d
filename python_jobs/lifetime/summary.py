"""What the fits read: the customers' histories at the as-of date and at the cut.

Only counts leave the engine: how many customers share a history or a mean value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from python_jobs.errors import NothingToLearnError, UserError
from python_jobs.lifetime.histories import Histories, Spendings, histories, spendings
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

INPUT = "fct_customer_purchase_summary"
COLUMNS = (
    "fit_date",
    "is_cut",
    "repeat_count",
    "last_purchase_age",
    "customer_age",
    "mean_repeat_value",
    "cut_date",
)
# Mean values are told apart by so many digits: enough for a fit, and few enough values.
DIGITS = 4


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


def read(spark: SparkSession, settings: Settings) -> DataFrame:
    """The mart, a row per customer and date.

    Raises:
        NothingToLearnError: It has no customers.
        UserError: It is not there or is of another version.
    """
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
        raise NothingToLearnError(f"{table} has no customers: nobody has bought yet")
    return summary


def populations(summary: DataFrame) -> list[Population]:
    """The customers at the as-of date, then at the cut, who may be none."""
    x = F.when(F.col("repeat_count") > 0, F.col("repeat_count").cast("bigint"))
    m = F.when(x.isNotNull(), F.col("mean_repeat_value").cast("decimal(18,2)"))
    rows = (
        summary.groupBy("is_cut")
        .agg(
            F.max("fit_date").alias("fit_date"),
            F.max("cut_date").alias("cut_date"),
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
    [cut_date] = {row["cut_date"] for row in rows}
    return [found[False], found.get(True, Population(cut_date, True, 0, 0, None))]


def _correlation(sums: Row) -> float | None:
    """The correlation that some sums over the repeaters tell."""
    n = sums["repeaters"]
    if not n:
        return None
    x, xx, m, mm, xm = (Fraction(sums[name]) for name in ("x", "xx", "m", "mm", "xm"))
    spread = (n * xx - x * x) * (n * mm - m * m)
    if not spread:
        return None
    # Two repeaters correlate at 1 or -1, which rounding would take them beyond.
    return min(1.0, max(-1.0, float(n * xm - x * m) / sqrt(spread)))


def gathered(summary: DataFrame, is_cut: bool) -> tuple[Histories, Spendings]:
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
