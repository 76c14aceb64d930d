"""How long the generator takes, against a plain write of as many rows and columns.

Run: `.venv/bin/python -m benchmarks.generate`, with an engine that is up or can start.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.spread import spread
from python_jobs import contract, engine, session
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS_PER_TASK = 500_000

KEYS = {
    "transaction_id": "concat('T', cast(id as string))",
    "customer_id": "concat('C', cast(id % 1000000 as string))",
}
# The plainest values of each type that still differ from row to row.
VALUES = {
    "string": "concat('value ', cast(id % 8 as string))",
    "int": "cast(id % 100 as int)",
    "bigint": "1L",
    "date": "date_add(date'2025-01-01', cast(id % 365 as int))",
    "timestamp": "timestamp_seconds(1735689600 + id * 6)",
    "decimal(12,2)": "cast(id % 100000 / 100 as decimal(12, 2))",
}


def plain_write(spark: SparkSession, settings: Settings, options: Options) -> None:
    """Write tables with the columns of the raw ones, and nothing in them to find."""
    spark.sql(f"create schema if not exists {settings.schema('plain')}")
    for table, rows in (
        ("customers", options.customers),
        ("transactions", options.transactions),
    ):
        columns = contract.columns("raw", table).items()
        tasks = max(2, -(-rows // ROWS_PER_TASK))
        spark.range(0, rows, 1, tasks).selectExpr(
            *(f"{KEYS.get(name, VALUES[kind])} as {name}" for name, kind in columns)
        ).write.format("delta").saveAsTable(f"{settings.schema('plain')}.{table}")


def main() -> None:
    """Time both ways in turn and print the ratio of each turn as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    options = Options(
        customers=arguments.customers, transactions=arguments.transactions
    )
    settings = Settings.from_env()
    engine.require(settings)
    seconds: dict[str, list[float]] = {"plain": [], "generate": []}
    ways: dict[str, Callable[[SparkSession, Settings, Options], object]] = {
        "plain": plain_write,
        "generate": generate,
    }
    with session.connect(settings) as spark:
        # The first run in a young engine compiles what the others reuse.
        for run in range(-1, arguments.runs):
            for name, way in ways.items():
                # Schemas of its own for each run, so that each starts with none.
                prefix = f"{settings.schema_prefix}benchmark_{name}_"
                of_run = replace(settings, schema_prefix=prefix)
                started = time.monotonic()
                way(spark, of_run, options)
                if run >= 0:
                    seconds[name].append(time.monotonic() - started)
                for schema in ("plain", "raw", "raw_truth"):
                    spark.sql(f"drop schema if exists {prefix}{schema} cascade")
    ratios = [
        generated / plain
        for generated, plain in zip(seconds["generate"], seconds["plain"], strict=True)
    ]
    print(
        json.dumps(
            {
                "customers": options.customers,
                "transactions": options.transactions,
                "runs": arguments.runs,
                "heap_mb": settings.heap_mb,
                **{f"{name}_seconds": spread(of) for name, of in seconds.items()},
                "ratio": spread(ratios),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
