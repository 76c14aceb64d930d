"""What a full build, its tests, and one more day cost, beside dbt-duckdb and Polars.

Run: `.venv/bin/python -m benchmarks.build`, with an engine that is up or can start.

Personas are trained and customer value is fitted once. Then, in turn: all models built
anew without tests, the same marts by dbt-duckdb from the same rows in Parquet files,
the RFM, pattern and cohort marts by Polars, all models with all tests of the data, the
build after one more day, and one with nothing new. All rows that Spark and DuckDB built
are compared: where they differ, the benchmark fails.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import compare, memory
from benchmarks.schemas import own_schemas
from benchmarks.spread import spread
from python_jobs import contract, dbt, engine, session, train, value
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SLOWEST = 15
# What DuckDB reads.
READ = ("raw", "ml")
WITHOUT_TESTS = ("--exclude-resource-type", "test", "unit_test")
# Unit tests cost the same whatever the data.
WITH_TESTS = ("--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Build:
    """What one build took.

    Attributes:
        seconds: From the command to its end.
        nodes: The seconds of each node; some run at once.
        groups: The sum of those by group of nodes.
    """

    seconds: float
    nodes: dict[str, float]
    groups: dict[str, float]

    @property
    def slowest(self) -> list[str]:
        """The nodes that took longest."""
        ordered = sorted(self.nodes.items(), key=lambda node: -node[1])
        return [f"{taken:.1f} s  {name}" for name, taken in ordered[:SLOWEST]]


def read_once(spark: SparkSession, settings: Settings) -> float:
    """Seconds to look at every value of raw.customers and raw.transactions."""
    started = time.monotonic()
    for table in ("customers", "transactions"):
        columns = ", ".join(contract.columns("raw", table))
        spark.sql(
            f"select max(xxhash64({columns})) from {settings.schema('raw')}.{table}"
        ).collect()
    return time.monotonic() - started


def build(settings: Settings, *arguments: str) -> Build:
    """Run `dbt build` and say what it took.

    Raises:
        UserError: dbt failed.
    """
    lines: list[str] = []
    started = time.monotonic()
    if dbt.run(settings, ["build"], arguments, lines.append) != 0:
        raise UserError("\n".join(lines[-60:]))
    seconds = time.monotonic() - started
    target = settings.dbt_folder
    found = json.loads((target / "run_results.json").read_text())["results"]
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    groups: dict[str, float] = defaultdict(float)
    for result in found:
        groups[group(nodes.get(result["unique_id"]))] += result["execution_time"]
    return Build(
        seconds,
        {one["unique_id"].split(".", 2)[2]: one["execution_time"] for one in found},
        {name: round(taken, 1) for name, taken in sorted(groups.items())},
    )


def group(node: dict[str, Any] | None) -> str:
    """What grows alike: a model's grain is the first line of its description."""
    if node is None:
        return "hooks and exposures"
    kind = node["config"]["materialized"]
    if kind == "table" and node["description"].startswith("One row per customer"):
        return "tables by customer"
    return f"{kind}s"


def export(spark: SparkSession, settings: Settings, folder: Path, *layers: str) -> None:
    """Write all tables of the layers as Parquet, a folder for each schema and table."""
    for layer in layers:
        schema = settings.schema(layer)
        for row in spark.sql(f"show tables in {schema}").collect():
            spark.table(f"{schema}.{row.tableName}").write.mode("overwrite").parquet(
                str(folder / layer / row.tableName)
            )


def other(module: str, *arguments: Path | str) -> dict[str, Any]:
    """What the calculation of another tool says: seconds, peak memory and more.

    It has a process of its own, so that its memory can be told.

    Raises:
        UserError: It failed.
    """
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        said = (ran.stdout + ran.stderr)[-3000:]
        raise UserError(f"benchmarks.{module} failed: {said}")
    return json.loads(ran.stdout)


def learn(settings: Settings, options: Options) -> None:
    """Make up raw data, build what trainings read, train personas and fit value."""
    with session.connect(settings) as spark:
        generate(spark, settings, options)
    build(settings, "--full-refresh", *WITHOUT_TESTS)
    with session.connect(settings) as spark:
        train.train(spark, settings)
        value.fit(spark, settings)


def same(settings: Settings, folder: Path, database: Path) -> dict[str, int]:
    """The rows of each table that both built; raise UserError where they differ."""
    with session.connect(settings) as spark:
        export(spark, settings, folder, *compare.SCHEMAS)
    tables = compare.compare(folder, database)
    differences = [
        f"{table}: {'; '.join(found)}" for table, (_, found) in tables.items() if found
    ]
    if differences:
        raise UserError("Spark and DuckDB differ: " + ", ".join(differences))
    return {table: rows for table, (rows, _) in tables.items()}


def main() -> None:
    """Print the builds, their ratios, and Polars as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    settings = Settings.from_env()
    engine.require(settings)
    options = Options(
        customers=arguments.customers, transactions=arguments.transactions
    )
    taken: dict[str, list[Build]] = defaultdict(list)
    others: dict[str, list[dict[str, Any]]] = defaultdict(list)
    readings = []
    equal: dict[str, int] = {}
    with (
        own_schemas(settings, "benchmark_build") as own,
        tempfile.TemporaryDirectory(dir=settings.home) as home,
    ):
        folder, database = Path(home) / "parquet", Path(home) / "marts.duckdb"
        learn(own, options)
        # Before the other tools: until now the largest child is dbt.
        dbt_peak_mb = memory.peak_mb(resource.RUSAGE_CHILDREN)
        for run in range(arguments.runs):
            with session.connect(settings) as spark:
                export(spark, own, folder, *READ)
                readings.append(read_once(spark, own))
            taken["full"].append(build(own, "--full-refresh", *WITHOUT_TESTS))
            others["duckdb"].append(
                other(
                    *("duckdb_marts", folder, database),
                    f"--schema-prefix={own.schema_prefix}",
                )
            )
            others["polars"].append(other("polars_marts", folder / "raw"))
            equal = equal or same(own, folder, database)
            taken["with_tests"].append(build(own, "--full-refresh", *WITH_TESTS))
            with session.connect(settings) as spark:
                generate(spark, own, replace(options, append_days=1))
            taken["one_more_day"].append(build(own, *WITHOUT_TESTS))
            taken["nothing_new"].append(build(own, *WITHOUT_TESTS))
            # A benchmark of an hour that is stopped has said what it knew.
            seconds = {name: round(ran[-1].seconds, 1) for name, ran in taken.items()}
            seconds |= {name: ran[-1]["seconds"] for name, ran in others.items()}
            print(f"run {run + 1} of {arguments.runs}: {seconds}", file=sys.stderr)
        written = written_bytes(own)
    full = [one.seconds for one in taken["full"]]
    print(
        json.dumps(
            {
                "customers": options.customers,
                "transactions": options.transactions,
                "runs": arguments.runs,
                "heap_mb": settings.heap_mb,
                "engine_peak_mb": memory.engine_peak_mb(engine.running(settings)),
                "dbt_peak_mb": dbt_peak_mb,
                "bytes_after_all": written,
                "read_raw_once_seconds": spread(readings),
                "others": {
                    name: {
                        "seconds": spread([one["seconds"] for one in ran]),
                        "ratio_of_full": spread(
                            [
                                whole / one["seconds"]
                                for one, whole in zip(ran, full, strict=True)
                            ]
                        ),
                        "last": ran[-1],
                    }
                    for name, ran in others.items()
                },
                "equal_rows": equal,
                "builds": {
                    name: {
                        "seconds": spread([one.seconds for one in builds]),
                        "ratio_to_full": spread(
                            [
                                one.seconds / whole
                                for one, whole in zip(builds, full, strict=True)
                            ]
                        ),
                        "node_seconds_by_group": builds[-1].groups,
                        "slowest": builds[-1].slowest,
                    }
                    for name, builds in taken.items()
                },
            },
            indent=2,
        )
    )


def written_bytes(settings: Settings) -> dict[str, int]:
    """The size of each layer's files, by schema."""
    warehouse = settings.home / "warehouse"
    return {
        folder.name.removeprefix(settings.schema_prefix).removesuffix(".db"): sum(
            file.stat().st_size for file in folder.rglob("*") if file.is_file()
        )
        for folder in sorted(warehouse.glob(f"{settings.schema_prefix}*.db"))
    }


if __name__ == "__main__":
    main()
