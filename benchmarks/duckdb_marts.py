"""The marts, personas and insights by dbt-duckdb, from the same raw Parquet.

Run: `.venv/bin/python -m benchmarks.duckdb_marts FOLDER DATABASE`, where FOLDER holds
the schemas `raw` and `ml`, as Parquet in a folder for each schema and table, and
DATABASE is the DuckDB file to write. It needs the dependency group `bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.memory import peak_mb

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "benchmarks" / "duckdb"


def build(folder: Path, database: Path, **variables: Any) -> float:
    """Build all models anew, by the variables of the real project; return the seconds.

    Raises:
        subprocess.CalledProcessError: dbt failed; its output says why.
    """
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    for file in (database, database.with_suffix(f"{database.suffix}.wal")):
        file.unlink(missing_ok=True)
    started = time.monotonic()
    subprocess.run(
        [
            *(str(Path(sys.executable).with_name("dbt")), "run", "--quiet"),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(database.absolute().with_suffix(".target"))),
            *("--log-path", str(database.absolute().with_suffix(".logs"))),
            *("--vars", json.dumps({**project["vars"], **variables})),
        ],
        # Seeds are named by their path from there.
        cwd=ROOT,
        env={
            **os.environ,
            "DUCKDB_MARTS_FOLDER": str(folder.absolute()),
            "DUCKDB_MARTS_DATABASE": str(database.absolute()),
        },
        check=True,
    )
    return time.monotonic() - started


def main() -> None:
    """Print the seconds, peak memory, bytes and seconds by model as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument(
        "--schema-prefix", default="", help="what Spark's schemas begin with"
    )
    arguments = parser.parse_args()
    seconds = build(
        arguments.folder, arguments.database, schema_prefix=arguments.schema_prefix
    )
    results = arguments.database.with_suffix(".target") / "run_results.json"
    models = {
        result["unique_id"].split(".")[-1]: round(result["execution_time"], 2)
        for result in json.loads(results.read_text())["results"]
    }
    slowest = dict(sorted(models.items(), key=lambda item: item[1], reverse=True))
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "peak_mb": peak_mb(resource.RUSAGE_CHILDREN),
                "bytes": arguments.database.stat().st_size,
                "models": slowest,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
