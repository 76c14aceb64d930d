"""Any sequence of increments gives the tables that a full refresh gives."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
import worlds
from pipeline import MODELS, apart, build, checksums, deliver
from pyspark.sql import SparkSession
from shop import Shop
from worlds import Compiled, World

from python_jobs.settings import Settings


@dataclass(frozen=True)
class Increments:
    """Two increments and a full refresh of the same raw data.

    Attributes:
        incremental: Checksums of all tables after the increments.
        full: The same after the full refresh.
    """

    incremental: dict[str, tuple[int, int]]
    full: dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def settings(shop: Shop) -> Settings:
    """The shop's schemas."""
    return shop.settings


@pytest.fixture(scope="module")
def increments(spark: SparkSession, settings: Settings) -> Increments:
    """The shop's tables, which increments left, then made anew; the same, it is hoped.

    The other tables are made anew by each build, from these and nothing else.
    """
    incremental = checksums(spark, settings)
    build(
        settings,
        *("--full-refresh", "--select", "config.materialized:incremental"),
        *("--resource-type", "model"),
    )
    return Increments(incremental, checksums(spark, settings))


def test_increments_equal_a_full_refresh(increments: Increments) -> None:
    assert increments.incremental == increments.full
    assert len(increments.full) >= 55
    # Nothing here fails to parse, and the first training has nothing to drift from.
    empty = {name for name, (rows, _) in increments.full.items() if rows == 0}
    assert empty == {"staging.stg_rejects", "personas.rpt_persona_drift"}


@pytest.mark.parametrize(
    ("table", "unit"),
    [
        ("stg_transactions_resolved", "lines"),
        ("int_customer_days", "customer_days"),
        ("int_customer_months", "customer_months"),
        ("int_customer_lifetimes", "customers"),
        ("int_customer_preferences", None),
    ],
)
def test_a_merge_writes_what_is_touched_and_rewrites_no_file(
    shop: Shop, table: str, unit: str | None
) -> None:
    counts = shop.written[table]
    assert counts["operation"] == "MERGE"
    assert counts["numTargetFilesRemoved"] == 0
    assert counts["numTargetRowsCopied"] == 0
    if unit:
        assert 0 < counts["numSourceRows"] <= shop.touched[unit]


@pytest.mark.usefixtures("increments")
def test_lines_count_where_they_came_to_rest(
    spark: SparkSession, settings: Settings
) -> None:
    rows = spark.sql(
        f"""
        select customer_id, day(activity_date) as day, net_amount
        from {settings.schema("intermediate")}.int_customer_days
        where customer_id like 'x%' order by all
        """
    ).collect()
    assert [tuple(row) for row in rows] == [
        ("x1", 10, Decimal("70.00")),
        ("x1", 11, Decimal("30.00")),
        ("x2", 5, Decimal("4.00")),
        ("x2", 12, Decimal("11.00")),
        ("x3", 13, Decimal("70.00")),
        ("x5", 15, Decimal("1.75")),
        ("x6", 14, Decimal("9.00")),
        ("x6", 16, Decimal("8.00")),
        ("x9", 14, Decimal("7.00")),
    ]


@pytest.mark.usefixtures("increments")
def test_a_customer_whose_lines_all_moved_away_is_a_prospect(
    spark: SparkSession, settings: Settings
) -> None:
    [row] = spark.sql(
        f"""
        select segment, frequency, monetary, r_score
        from {settings.schema("marts")}.fct_customer_rfm where customer_id = 'x4'
        """
    ).collect()
    assert tuple(row) == ("Prospects", 0, Decimal("0.00"), None)


@pytest.mark.usefixtures("increments")
def test_a_corrected_category_leaves_no_trace_of_the_old_one(
    spark: SparkSession, settings: Settings
) -> None:
    rows = spark.sql(
        f"""
        select attribute_value, line_count, net_revenue
        from {settings.schema("marts")}.fct_customer_preferences
        where customer_id = 'x1' and attribute = 'product_category' order by all
        """
    ).collect()
    assert [tuple(row) for row in rows] == [
        ("books", 2, Decimal("70.00")),
        ("music", 1, Decimal("30.00")),
    ]


@pytest.mark.usefixtures("increments")
def test_history_is_merged_not_replaced(
    spark: SparkSession, settings: Settings
) -> None:
    operations = [
        row.operation
        for row in spark.sql(
            f"describe history {settings.schema('intermediate')}.int_customer_days"
        ).collect()
    ]
    # Newest first: the full refresh, the two increments, the first build.
    assert operations == [
        "CREATE OR REPLACE TABLE AS SELECT",
        "MERGE",
        "MERGE",
        "CREATE TABLE AS SELECT",
    ]


MONTHLY = (
    "intermediate.int_customer_days",
    "intermediate.int_customer_month_ends",
    "marts.fct_customer_rfm_monthly",
)


def assert_built_as_from_nothing(
    spark: SparkSession, settings: Settings, world: World
) -> None:
    """The tables that increments left are those of a build that begins anew."""
    for table in MONTHLY:
        found = spark.sql(f"select * from {settings.schema(table)} order by all")
        assert [tuple(row) for row in found.collect()] == world.rows(table), table


def test_months_that_are_skipped_or_vanish_are_restated(
    spark: SparkSession, settings: Settings, project: Compiled
) -> None:
    """January, then April without a line between; then April was a mistake.

    Ann's balance is carried through February and March, and with April comes a line of
    January that is late. Cleo turns out to have registered later than all of it, and
    leaves the months that she was a Prospect in.
    """
    own = apart(settings, "months")
    line = "transaction_id, customer_id, transacted_at, amount"
    customer = "customer_id, registration_date"
    with worlds.world(project) as world:

        def delivered(kind: str, columns: str, rows: str) -> None:
            deliver(spark, own, kind, columns, rows)
            world.deliver(kind, columns, rows)

        def built() -> None:
            build(own, "--select", "+fct_customer_rfm_monthly", *MODELS)
            assert_built_as_from_nothing(spark, own, world)

        delivered(
            "customers",
            customer,
            "('ann', date'2024-01-05'), ('cleo', date'2024-01-10')",
        )
        delivered("transactions", line, "('a1', 'ann', timestamp'2024-01-31', 100)")
        built()
        delivered("customers", customer, "('cleo', date'2024-06-01')")
        delivered(
            "transactions",
            line,
            "('a2', 'ann', timestamp'2024-04-01', 50), "
            "('a3', 'ann', timestamp'2024-01-20', 7)",
        )
        built()
        assert world.rows(
            "marts.fct_customer_rfm_monthly",
            "month(month_end_date), customer_id, monetary, recency_days",
        ) == [
            (month, "ann", Decimal("107.00"), recency)
            for month, recency in ((1, 1), (2, 30), (3, 61))
        ]
        delivered("transactions", line, "('a2', 'ann', timestamp'2024-04-01', 2e9)")
        built()
        assert world.rows(
            "intermediate.int_customer_month_ends", "month(month_end_date)"
        ) == [(1,)]
