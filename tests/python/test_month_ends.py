"""Balances at month ends: an increment carries them through months without a line.

The model stands on three tables of the layer, which are written here by hand.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pipeline import MODELS, build
from pyspark.sql import SparkSession

from python_jobs.settings import Settings


def written(
    spark: SparkSession, settings: Settings, last_day: str, *bought: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    """Build as of lines until a day; each is of a customer, a day, money and a batch.

    Returns:
        Month, customer, frequency and money of each balance.
    """
    schema = settings.schema("intermediate")
    spark.sql(f"create schema if not exists {schema}")
    rows = ", ".join(
        f"('{who}', date'{day}', {money}, {batch}L)"
        for who, day, money, batch in bought
    )
    lines = f"values {rows} as lines (customer_id, day, money, batch)"
    for table, query in {
        "int_as_of_date": f"select date'{last_day}' as last_transaction_date",
        "int_customer_day_touches": "select customer_id, day as activity_date, "
        f"batch as _changed_batch_id from {lines}",
        "int_customer_months": "select customer_id, cast(trunc(day, 'MM') as date) as "
        "month_start_date, 1 as purchase_day_count, cast(money as decimal(18, 2)) as "
        "net_revenue, day as last_purchase_date, batch as _changed_batch_id "
        f"from {lines}",
    }.items():
        spark.sql(f"create or replace table {schema}.{table} using delta as {query}")
    build(settings, "--select", "int_customer_month_ends", *MODELS)
    found = spark.sql(
        f"""
        select month(month_end_date), customer_id, frequency, monetary
        from {schema}.int_customer_month_ends order by all
        """
    )
    return [tuple(row) for row in found.collect()]


@pytest.fixture(scope="module")
def balances(spark: SparkSession, settings: Settings) -> list[list[tuple[Any, ...]]]:
    """After a first build in January, and after an increment with a line of April."""
    ann = ("ann", "2024-01-10", "5", "1")
    return [
        written(spark, settings, "2024-01-10", ann),
        written(spark, settings, "2024-04-02", ann, ("bob", "2024-04-02", "7", "2")),
    ]


def test_months_without_any_line_carry_what_was_there_before(
    balances: list[list[tuple[Any, ...]]],
) -> None:
    five, seven = Decimal("5.00"), Decimal("7.00")
    first, later = balances
    assert first == [(1, "ann", 1, five)]
    assert later == [
        (1, "ann", 1, five),
        (2, "ann", 1, five),
        (3, "ann", 1, five),
        (4, "ann", 1, five),
        (4, "bob", 1, seven),
    ]
