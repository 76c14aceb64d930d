"""What ten times the history costs: a full build, and one more day after it.

Run: `.venv/bin/python -m benchmarks.scale`, with an engine that is up or can start, and
the heap that BEHAVIOR_HEAP gives it.

The same customers over the same days with 5,000,000, with 50,000,000, and once more
with 5,000,000 transactions: an engine gets faster with each build, so the larger
history stands between two of the smaller.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import Any

from benchmarks import memory
from benchmarks.build import WITHOUT_TESTS, build, written_bytes
from benchmarks.schemas import own_schemas
from python_jobs import engine, session
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings

MEASURED = ("full", "one_more_day")


def measure(settings: Settings, options: Options) -> dict[str, Any]:
    """What a full build took, and the build after one more day; in all and apart."""
    with session.connect(settings) as spark:
        generate(spark, settings, options)
    builds = {"full": build(settings, "--full-refresh", *WITHOUT_TESTS)}
    with session.connect(settings) as spark:
        generate(spark, settings, replace(options, append_days=1))
    builds["one_more_day"] = build(settings, *WITHOUT_TESTS)
    return {
        "transactions": options.transactions,
        "bytes": written_bytes(settings),
        # Of the engine's life so far.
        "engine_peak_mb": memory.engine_peak_mb(engine.running(settings)),
    } | {
        name: {
            "seconds": round(one.seconds, 1),
            "node_seconds_by_group": one.groups,
            "slowest": one.slowest,
        }
        for name, one in builds.items()
    }


def main() -> None:
    """Print all three, and the larger by each of the smaller, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=10)
    arguments = parser.parse_args()
    settings = Settings.from_env()
    engine.require(settings)
    scales = []
    for times in (1, arguments.times, 1):
        options = Options(
            customers=arguments.customers, transactions=arguments.transactions * times
        )
        with own_schemas(settings, "benchmark_scale") as own:
            scales.append(measure(own, options))
        seconds = {name: scales[-1][name]["seconds"] for name in MEASURED}
        print(f"{options.transactions:,} transactions: {seconds}", file=sys.stderr)
    before, large, after = scales
    print(
        json.dumps(
            {
                "customers": arguments.customers,
                "heap_mb": settings.heap_mb,
                "larger_by_smaller": {
                    name: [
                        round(large[name]["seconds"] / small[name]["seconds"], 2)
                        for small in (before, after)
                    ]
                    for name in MEASURED
                },
                "scales": scales,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
