"""How long a full build takes, tests included, against reading the raw tables once.

Run: `.venv/bin/python -m benchmarks.build`, with an engine that is up or can start.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from benchmarks.schemas import own_schemas
from python_jobs import contract, dbt, engine, session
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SLOWEST = 10


def read_once(spark: SparkSession, settings: Settings) -> float:
    """Seconds to look at every value of raw.customers and raw.transactions."""
    started = time.monotonic()
    for table in ("customers", "transactions"):
        columns = ", ".join(contract.columns("raw", table))
        spark.sql(
            f"select max(xxhash64({columns})) from {settings.schema('raw')}.{table}"
        ).collect()
    return time.monotonic() - started


def build(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Build everything anew; return the seconds of it all and of the slowest nodes.

    Raises:
        UserError: dbt failed.
    """
    lines: list[str] = []
    started = time.monotonic()
    if dbt.run(settings, ["build"], ["--full-refresh", *arguments], lines.append) != 0:
        raise UserError("\n".join(lines[-60:]))
    seconds = time.monotonic() - started
    results = json.loads((settings.home / "target" / "run_results.json").read_text())
    nodes = sorted(
        (
            (round(result["execution_time"], 1), result["unique_id"].split(".", 2)[2])
            for result in results["results"]
        ),
        reverse=True,
    )
    return {
        "seconds": round(seconds, 1),
        "nodes": len(nodes),
        "slowest": [f"{taken} s  {name}" for taken, name in nodes[:SLOWEST]],
    }


def main() -> None:
    """Print the build, the reading and their ratio as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--readings", type=int, default=3)
    arguments = parser.parse_args()
    settings = Settings.from_env()
    engine.require(settings)
    options = Options(
        customers=arguments.customers, transactions=arguments.transactions
    )
    with own_schemas(settings, "benchmark_build") as own:
        with session.connect(settings) as spark:
            generate(spark, own, options)
            readings = [read_once(spark, own) for _ in range(arguments.readings)]
        built = build(own, "--exclude", "test_type:unit")
    reading = statistics.median(readings)
    print(
        json.dumps(
            {
                "customers": options.customers,
                "transactions": options.transactions,
                "heap_mb": settings.heap_mb,
                "read_raw_once_seconds": [round(taken, 2) for taken in readings],
                "build": built,
                "ratio": round(built["seconds"] / reading, 1),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
