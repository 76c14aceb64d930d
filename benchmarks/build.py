"""What a full build, its tests, and one more day cost; and what Polars takes.

Run: `.venv/bin/python -m benchmarks.build`, with an engine that is up or can start.

In one run and in turn: all models built anew without tests, the same with all tests of
the data, and the build after one more day. No personas are trained and no customer
value is fitted, so what is built on those is empty. Polars calculates the RFM, pattern
and cohort marts from the same raw Parquet files, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.schemas import own_schemas
from benchmarks.spread import spread
from python_jobs import contract, dbt, engine, session
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SLOWEST = 15
WITHOUT_TESTS = ("--exclude-resource-type", "test", "unit_test")
# Unit tests cost the same whatever the data.
WITH_TESTS = ("--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Build:
    """What one build took.

    Attributes:
        seconds: From the command to its end.
        nodes: The seconds of each node; some run at once.
        kinds: The sum of those by kind of node: incremental, table, view, test ...
    """

    seconds: float
    nodes: dict[str, float]
    kinds: dict[str, float]

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
    target = settings.home / "target"
    found = json.loads((target / "run_results.json").read_text())["results"]
    nodes = json.loads((target / "manifest.json").read_text())["nodes"]
    kinds: dict[str, float] = defaultdict(float)
    for result in found:
        node = nodes.get(result["unique_id"], {})
        kind = (node.get("config") or {}).get("materialized") or "other"
        kinds[kind] += result["execution_time"]
    return Build(
        seconds,
        {one["unique_id"].split(".", 2)[2]: one["execution_time"] for one in found},
        {kind: round(taken, 1) for kind, taken in sorted(kinds.items())},
    )


def polars(settings: Settings) -> dict[str, Any]:
    """What the Polars calculation says of itself: seconds, rows and peak memory."""
    raw = settings.home / "warehouse" / f"{settings.schema('raw')}.db"
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.polars_marts", str(raw)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        raise UserError(f"the Polars calculation failed: {ran.stderr[-2000:]}")
    return json.loads(ran.stdout)


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
    readings, others = [], []
    with own_schemas(settings, "benchmark_build") as own:
        with session.connect(settings) as spark:
            generate(spark, own, options)
        for run in range(arguments.runs):
            with session.connect(settings) as spark:
                readings.append(read_once(spark, own))
            others.append(polars(own))
            taken["full"].append(build(own, "--full-refresh", *WITHOUT_TESTS))
            taken["with_tests"].append(build(own, "--full-refresh", *WITH_TESTS))
            with session.connect(settings) as spark:
                generate(spark, own, replace(options, append_days=1))
            taken["one_more_day"].append(build(own, *WITHOUT_TESTS))
            taken["nothing_new"].append(build(own, *WITHOUT_TESTS))
            print(f"run {run + 1} of {arguments.runs}", file=sys.stderr)
        written = _bytes(own)
    full = [one.seconds for one in taken["full"]]
    print(
        json.dumps(
            {
                "customers": options.customers,
                "transactions": options.transactions,
                "runs": arguments.runs,
                "heap_mb": settings.heap_mb,
                "engine_peak_mb": _peak_mb(engine.running(settings)),
                "read_raw_once_seconds": spread(readings),
                "polars_seconds": spread([one["seconds"] for one in others]),
                "polars_peak_mb": max(one["peak_mb"] for one in others),
                "bytes_after_all": written,
                "builds": {
                    name: {
                        "seconds": spread([one.seconds for one in builds]),
                        "ratio_to_full": spread(
                            [
                                one.seconds / whole
                                for one, whole in zip(builds, full, strict=True)
                            ]
                        ),
                        "node_seconds_by_kind": builds[-1].kinds,
                        "slowest": builds[-1].slowest,
                    }
                    for name, builds in taken.items()
                },
            },
            indent=2,
        )
    )


def _bytes(settings: Settings) -> dict[str, int]:
    """The size of each layer's files, by schema."""
    warehouse = settings.home / "warehouse"
    return {
        folder.name.removeprefix(settings.schema_prefix).removesuffix(".db"): sum(
            file.stat().st_size for file in folder.rglob("*") if file.is_file()
        )
        for folder in sorted(warehouse.glob(f"{settings.schema_prefix}*.db"))
    }


def _peak_mb(running: engine.Engine | None) -> int | None:
    """The most memory that the engine has had, where the kernel tells."""
    status = Path(f"/proc/{running.pid}/status") if running else None
    if status is None or not status.exists():
        return None
    [line] = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    main()
