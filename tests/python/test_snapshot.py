"""Each customer's history: what a build of a day records, and what none may change.

The snapshot stands on two marts and the as-of date, which are written here by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pipeline import build
from pyspark.sql import SparkSession

from python_jobs.settings import Settings

FIRST, SECOND = date(2024, 6, 16), date(2024, 6, 17)
Version = tuple[Any, ...]


@dataclass(frozen=True)
class History:
    """All versions after each build: customer, segment, from when and until when.

    Attributes:
        first: After the build of a day in June.
        earlier: After one of a day in March, with other segments.
        next_day: After one of the day after the first, on which eve has changed.
        again: After another of that day, on which bob has changed as well.
    """

    first: list[Version]
    earlier: list[Version]
    next_day: list[Version]
    again: list[Version]


def recorded(
    spark: SparkSession, settings: Settings, day: date, **segments: str
) -> list[Version]:
    """Build the history as of a day on which customers are in these segments."""
    for table, query in {
        "intermediate.int_as_of_date": f"select date'{day}' as as_of_date",
        "marts.fct_customer_rfm": " union all ".join(
            f"select '{customer}' as customer_id, date'{day}' as as_of_date, "
            f"'{segment}' as segment"
            for customer, segment in segments.items()
        ),
        "personas.fct_customer_personas": "select 'ann' as customer_id, "
        "1 as persona_id, 'Average shoppers' as persona_name",
    }.items():
        schema, name = table.split(".")
        spark.sql(f"create schema if not exists {settings.schema(schema)}")
        spark.sql(
            f"create or replace table {settings.schema(schema)}.{name} using delta "
            f"as {query}"
        )
    build(settings, "--select", "customer_history")
    rows = spark.sql(
        f"""
        select customer_id, segment, dbt_valid_from, dbt_valid_to
        from {settings.schema("snapshots")}.customer_history order by all
        """
    )
    return [tuple(row) for row in rows.collect()]


@pytest.fixture(scope="module")
def history(spark: SparkSession, settings: Settings) -> History:
    """Four builds, each with the tests of the snapshot."""
    return History(
        recorded(spark, settings, FIRST, ann="Champions", bob="Lost", eve="Prospects"),
        recorded(spark, settings, date(2024, 3, 1), ann="Lost", bob="Champions"),
        recorded(spark, settings, SECOND, ann="Champions", bob="Lost", eve="Promising"),
        recorded(
            spark, settings, SECOND, ann="Champions", bob="Promising", eve="Promising"
        ),
    )


def test_each_customer_has_one_open_row_of_history(history: History) -> None:
    assert history.first == [
        ("ann", "Champions", FIRST, None),
        ("bob", "Lost", FIRST, None),
        ("eve", "Prospects", FIRST, None),
    ]


def test_history_is_not_rewritten_by_an_earlier_date(history: History) -> None:
    assert history.earlier == history.first


def test_a_change_closes_one_row_and_opens_another(history: History) -> None:
    assert history.next_day == [
        ("ann", "Champions", FIRST, None),
        ("bob", "Lost", FIRST, None),
        ("eve", "Promising", SECOND, None),
        ("eve", "Prospects", FIRST, SECOND),
    ]


def test_a_second_change_on_a_date_that_was_recorded_is_not_lost(
    history: History,
) -> None:
    assert history.again == [
        ("ann", "Champions", FIRST, None),
        ("bob", "Lost", FIRST, SECOND),
        ("bob", "Promising", SECOND, None),
        ("eve", "Promising", SECOND, None),
        ("eve", "Prospects", FIRST, SECOND),
    ]
