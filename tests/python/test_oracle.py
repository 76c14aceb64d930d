"""The marts say what an independent calculation from the raw rows says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import oracle
import oracle_retention
import oracle_value
import polars as pl
import pytest
from oracle import History
from polars import selectors
from polars.testing import assert_frame_equal
from pyspark.sql import SparkSession

from python_jobs.settings import Settings

# The calculation of each mart, and the columns that identify its rows.
MARTS: dict[str, tuple[Callable[[History], pl.DataFrame], tuple[str, ...]]] = {
    "fct_daily_sales": (oracle.daily_sales, ("calendar_date",)),
    "rpt_sales_by_day_of_week": (
        partial(oracle.sales_by_days, kind=("day_of_week", "day_name", "is_weekend")),
        ("day_of_week",),
    ),
    "rpt_weekend_vs_weekday": (oracle.weekend_vs_weekday, ("day_type",)),
    **{
        mart: (partial(oracle.sales_by, kind=kind), kind)
        for mart, kind in (
            ("rpt_sales_by_category", ("product_category",)),
            ("rpt_sales_by_payment_method", ("payment_method",)),
            ("rpt_sales_by_hour_of_day", ("hour_of_day",)),
            ("rpt_sales_by_day_and_hour", ("day_of_week", "hour_of_day")),
        )
    },
    **{
        mart: (partial(oracle.preferences_by_segment, kind=kind), ("segment", kind))
        for mart, kind in (
            ("rpt_category_by_segment", "product_category"),
            ("rpt_payment_by_segment", "payment_method"),
        )
    },
    "rpt_customers_by_demographic": (
        oracle.customers_by_demographic,
        ("attribute", "attribute_value"),
    ),
    "fct_customer_rfm_monthly": (
        oracle.rfm_monthly,
        ("month_end_date", "customer_id"),
    ),
    "rpt_segment_migration": (
        oracle.segment_migration,
        ("month_end_date", "from_segment", "to_segment"),
    ),
    "rpt_cohort_retention": (
        oracle_retention.cohort_retention,
        ("cohort_type", "cohort", "month_number"),
    ),
    "rpt_retention_curves": (
        oracle_retention.retention_curves,
        ("cohort_type", "month_number"),
    ),
    "rpt_churn_risk": (oracle_retention.churn_risk, ("method", "risk")),
    "rpt_churn_backtest": (oracle_retention.churn_backtest, ("method", "risk")),
    "fct_customer_purchase_summary": (
        oracle_value.purchase_summary,
        ("customer_id", "fit_date"),
    ),
    "fct_customer_lifetime_value": (oracle_value.lifetime_value, ("customer_id",)),
    "rpt_lifetime_value_calibration": (
        oracle_value.calibration,
        ("model", "target", "decile"),
    ),
}
# What a fit of customer value leaves behind: the calculation starts from it.
VALUE = ("runs", "fits", "parameters", "parameter_draws", "expectations")


@dataclass(frozen=True)
class Scenario:
    """Raw rows, built into marts, and what they come to by the definitions."""

    name: str
    spark: SparkSession
    settings: Settings
    raw: dict[str, pl.DataFrame]
    history: History

    def mart(self, name: str) -> pl.DataFrame:
        """All rows of a mart, without what only its next build needs."""
        table = self.spark.table(f"{self.settings.schema('marts')}.{name}").toArrow()
        return pl.DataFrame(table).select(~selectors.starts_with("_"))


@pytest.fixture(scope="module", params=["generated", "cdnow"])
def scenario(request: pytest.FixtureRequest, engine_settings: Settings) -> Scenario:
    """Generated data with its planted trouble, or the CDNOW purchase log; built."""
    # Built before a session is open here: MLlib asks the one that was opened first.
    own: Settings = request.getfixturevalue(request.param)
    spark: SparkSession = request.getfixturevalue("spark")
    raw = {
        table: read(own, "raw", table)
        for table in ("customers", "transactions", "batches")
    }
    history = replace(oracle.resolve(**raw), ml=read_fits(own))
    return Scenario(request.param, spark, own, raw, history)


def read_fits(settings: Settings) -> dict[str, pl.DataFrame]:
    """The tables that fits of customer value wrote; none where there was no fit."""
    tables = [f"value_{table}" for table in VALUE]
    if not any(folder(settings, "ml", "value_runs").glob("*.parquet")):
        return {}
    return {table: read(settings, "ml", table) for table in tables}


def folder(settings: Settings, schema: str, table: str) -> Path:
    """Where the table's files are."""
    return settings.home / "warehouse" / f"{settings.schema(schema)}.db" / table


def read(settings: Settings, schema: str, table: str) -> pl.DataFrame:
    """A table from its files: they are only ever added to."""
    files = folder(settings, schema, table) / "*.parquet"
    return pl.read_parquet(files).with_columns(
        selectors.datetime().dt.replace_time_zone(None).dt.cast_time_unit("us")
    )


def in_cents(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with money in cents and whole numbers of one width."""
    money = selectors.decimal()
    assert {kind.scale for kind in frame.select(money).dtypes} <= {2}
    return frame.with_columns((money * 100).cast(pl.Int64)).with_columns(
        selectors.integer().cast(pl.Int64)
    )


def assert_same_rows(
    found: pl.DataFrame, expected: pl.DataFrame, keys: tuple[str, ...]
) -> None:
    """Same columns, same rows: exactly, but for the last digits of a ratio."""
    found, expected = in_cents(found), in_cents(expected)
    assert sorted(found.columns) == sorted(expected.columns)
    missing = expected.join(found, on=keys, how="anti")
    additional = found.join(expected, on=keys, how="anti")
    assert missing.is_empty(), f"rows that the mart lacks: {missing}"
    assert additional.is_empty(), f"rows that only the mart has: {additional}"
    assert_frame_equal(
        found.sort(keys),
        expected.sort(keys),
        check_column_order=False,
        rel_tol=1e-9,
        # The mean of differences that cancel out has none but last digits.
        abs_tol=1e-12,
    )


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_says_what_the_raw_rows_say(scenario: Scenario, mart: str) -> None:
    calculate, keys = MARTS[mart]
    expected = calculate(scenario.history)
    assert not expected.is_empty()
    assert_same_rows(scenario.mart(mart), expected, keys)


def test_only_the_generated_lines_have_some_that_do_not_count(
    scenario: Scenario,
) -> None:
    raw, valid = scenario.raw["transactions"], scenario.history.lines
    superseded = raw.height - raw["transaction_id"].n_unique()
    quarantined = raw.height - superseded - valid.height
    assert (superseded > 0, quarantined > 0) == (scenario.name == "generated",) * 2
