"""What the tests of the data last said, kept from one build to the next.

dbt writes the results of its last command only, and a whole run takes two builds. So
each build lays its results over those that were there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from python_jobs.settings import Settings


@dataclass(frozen=True)
class Build:
    """The newest result of each test.

    Attributes:
        run_id: dbt's invocation id of the last build.
        ended_at: When it ended (UTC).
        passed: Tests that hold.
        warned: Tests that warn.
        failed_names: The tests that fail or could not be run.
    """

    run_id: str
    ended_at: datetime
    passed: int
    warned: int
    failed_names: list[str]

    @property
    def failed(self) -> int:
        """How many tests fail."""
        return len(self.failed_names)


@dataclass(frozen=True)
class Freshness:
    """How new the data are.

    Attributes:
        newest_at: When the newest lines came in (UTC).
        is_stale: Whether that is longer ago than the source allows.
    """

    newest_at: datetime
    is_stale: bool


def keep(settings: Settings) -> None:
    """Lay the results of dbt's last build over those of the builds before it.

    A build that ended early writes none: then what another command left is there.
    """
    found = _read(settings.dbt_folder / "run_results.json")
    if found is None or found["args"]["which"] != "build":
        return
    kept = _read(_path(settings)) or {"tests": {}}
    tests = kept["tests"] | {
        result["unique_id"]: result["status"]
        for result in found["results"]
        if result["unique_id"].startswith(("test.", "unit_test."))
        # Skipped says nothing: what it said before still stands.
        and result["status"] != "skipped"
    }
    content = {
        "run_id": found["metadata"]["invocation_id"],
        "ended_at": found["metadata"]["generated_at"],
        "tests": tests,
    }
    partial = _path(settings).with_suffix(".tmp")
    partial.write_text(json.dumps(content))
    partial.replace(_path(settings))


def kept(settings: Settings) -> Build | None:
    """The newest results of the tests that the project still has."""
    content = _read(_path(settings))
    if content is None:
        return None
    manifest = _read(settings.dbt_folder / "manifest.json") or {}
    there = {*manifest.get("nodes", {}), *manifest.get("unit_tests", {})}
    tests = {name: to for name, to in content["tests"].items() if name in there}
    failing = (name for name, to in tests.items() if to not in ("pass", "warn"))
    return Build(
        content["run_id"],
        datetime.fromisoformat(content["ended_at"]),
        sum(to == "pass" for to in tests.values()),
        sum(to == "warn" for to in tests.values()),
        sorted(name.split(".")[2] for name in failing),
    )


def freshness(settings: Settings) -> Freshness | None:
    """How new the lines were at dbt's last `source freshness`; None of no lines."""
    content = _read(settings.dbt_folder / "sources.json")
    for one in (content or {}).get("results", []):
        if "max_loaded_at" in one:
            newest_at = datetime.fromisoformat(one["max_loaded_at"])
            # What dbt writes of an empty table.
            if newest_at.year == 1:
                return None
            return Freshness(newest_at, is_stale=one["status"] != "pass")
    return None


def _path(settings: Settings) -> Path:
    return settings.dbt_folder / "test_results.json"


def _read(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None
