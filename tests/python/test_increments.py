"""Any sequence of increments gives the tables that a full refresh gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from pipeline import build
from pyspark.sql import SparkSession
from pyspark.sql import types as T
from shop import Shop

from python_jobs import dbt
from python_jobs.settings import Settings


@pytest.fixture(scope="module")
def settings(shop: Shop) -> Settings:
    """The shop's schemas."""
    return shop.settings


@dataclass(frozen=True)
class Increments:
    """What two increments left, and a full refresh of the same raw data.

    Attributes:
        incremental: Rows and checksum of each incremental model after the increments.
        full: The same after the full refresh.
    """

    incremental: dict[str, tuple[int, int]]
    full: dict[str, tuple[int, int]]


@pytest.fixture(scope="module")
def increments(spark: SparkSession, settings: Settings) -> Increments:
    """The shop's incremental models as they are, then made anew; the same, it is hoped.

    All other tables are made anew by each build, from these and nothing else.
    """
    manifest = json.loads((settings.dbt_folder / "manifest.json").read_text())
    names = [
        f"{node['schema']}.{node['name']}"
        for node in manifest["nodes"].values()
        if node["config"]["materialized"] == "incremental"
    ]
    incremental = {name: checksum(spark, name) for name in names}
    build(
        settings,
        *("--full-refresh", "--select", "config.materialized:incremental"),
        *("--resource-type", "model"),
    )
    return Increments(incremental, {name: checksum(spark, name) for name in names})


def checksum(spark: SparkSession, table: str) -> tuple[int, int]:
    """Rows and an order-independent checksum over all columns."""
    columns = ", ".join(
        f"array_sort(map_entries({field.name}))"
        if isinstance(field.dataType, T.MapType)
        else field.name
        for field in spark.table(table).schema
    )
    [[rows, of_all]] = spark.sql(
        f"""
        select count(*), sum(cast(xxhash64({columns}) as decimal(38, 0))) from {table}
        """
    ).collect()
    return rows, of_all


def test_increments_equal_a_full_refresh(increments: Increments) -> None:
    assert increments.incremental == increments.full
    assert len(increments.full) >= 10


def test_no_table_is_empty_so_that_there_is_something_to_equal(
    spark: SparkSession, settings: Settings
) -> None:
    schemas = ("staging", "intermediate", "marts", "personas", "insights")
    tables = [
        f"{settings.schema(schema)}.{table.name}"
        for schema in schemas
        for table in spark.catalog.listTables(settings.schema(schema))
    ]
    assert len(tables) >= 80
    empty = spark.sql(
        " union all ".join(
            f"(select '{name}' as name where not exists (select 1 from {name}))"
            for name in tables
        )
    ).collect()
    # Nothing here fails to parse, and the first training has nothing to drift from.
    assert {row.name.removeprefix(settings.schema_prefix) for row in empty} == {
        "staging.stg_rejects",
        "personas.rpt_persona_drift",
    }


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


def test_months_without_a_line_carry_the_balances(shop: Shop) -> None:
    """With October came August and September; x6 last bought on February 16th."""
    recency = (14, 45, 75, 106, 136, 167, 198, 228)
    assert shop.carried == [
        (month, Decimal("17.00"), days) for month, days in enumerate(recency, start=2)
    ]


@pytest.mark.usefixtures("increments")
def test_months_that_were_a_mistake_vanish(
    spark: SparkSession, settings: Settings
) -> None:
    """October was one; so was that x8 registered in February and not in June.

    In August there are four days, which is no month end yet.
    """

    def months(table: str, where: str = "true") -> list[int]:
        rows = spark.sql(
            f"""
            select distinct month(month_end_date) as month
            from {settings.schema(table)} where {where} order by month
            """
        )
        return [row.month for row in rows.collect()]

    monthly = "marts.fct_customer_rfm_monthly"
    assert months("intermediate.int_customer_month_ends") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert months(monthly) == [1, 2, 3, 4, 5, 6, 7]
    assert months(monthly, "customer_id = 'x8'") == [6, 7]


def test_another_clock_asks_for_a_full_refresh(
    settings: Settings, tmp_path: Path
) -> None:
    """Days by it would stand beside those that are there."""
    lines: list[str] = []
    arguments = ("--vars", "time_zone: Asia/Kolkata", "--target-path", str(tmp_path))
    assert dbt.run(settings, ["run"], arguments, lines.append) != 0
    said = [line for line in lines if "time_zone is Asia/Kolkata, but" in line]
    assert said
    assert all("has the days of UTC: run `behavior build --full" in x for x in said)
    assert not any("OK created" in line for line in lines)
