"""What the tests of the whole pipeline share: deliveries, builds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pyspark.sql import SparkSession

from python_jobs import contract, dbt, raw
from python_jobs.settings import Settings

# Builds whose numbers a test checks itself need none of dbt's tests.
MODELS = ("--resource-type", "model", "--resource-type", "seed")


def apart(settings: Settings, name: str) -> Settings:
    """The same engine, with schemas of that name."""
    return replace(settings, schema_prefix=f"{settings.schema_prefix}{name}_")


def build(settings: Settings, *arguments: str) -> None:
    """Run `dbt build` and fail with its output where it fails."""
    lines: list[str] = []
    code = dbt.run(settings, ["build"], arguments, lines.append)
    assert code == 0, "\n".join(lines[-80:])


def deliver(
    spark: SparkSession, settings: Settings, kind: str, columns: str, rows: str
) -> None:
    """Deliver one batch of rows written as SQL values; other columns are NULL."""
    given = spark.sql(f"select * from values {rows} as rows ({columns})")
    missing = [
        column
        for column in contract.columns("raw", kind)
        if column not in given.columns and not column.startswith("_")
    ]
    frame = given.selectExpr("*", *(f"null as {column}" for column in missing))
    with raw.delivery(spark, settings) as delivery:
        delivery.append(
            kind,
            frame,
            source="test",
            content_hash=f"{kind} {rows}",
            ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


def rejects_nothing_lost(spark: SparkSession, settings: Settings) -> None:
    """Assert that each batch's rows in are its rows raw, split, plus its rejects."""
    unbalanced = spark.sql(
        f"""
        select batch_id, rows_in, sum(row_count) from
        {settings.schema("marts")}.rpt_data_quality
        group by batch_id, rows_in having rows_in != sum(row_count)
        """
    ).collect()
    assert unbalanced == []


def parse_cdnow(path: Path) -> list[tuple[str, str, str]]:
    """Customer, date (yyyymmdd) and dollars of each row of CDNOW_master.txt."""
    lines = path.read_text().splitlines()[1:]
    return [
        (customer, date, dollars)
        for customer, date, _cds, dollars in (line.split() for line in lines if line)
    ]
