"""What the report says of the tests of the data: the newest result of each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from python_jobs import results
from python_jobs.settings import Settings


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home in which nothing was ever run."""
    (tmp_path / "target").mkdir()
    monkeypatch.setenv("BEHAVIOR_HOME", str(tmp_path))
    return Settings.from_env()


def dbt_ends(settings: Settings, which: str, run_id: str, **statuses: str) -> None:
    """Leave what dbt leaves, with the results of these tests."""
    target = settings.dbt_folder
    ids = {name: f"test.project.{name}" for name in ("grain", "keys", "money")}
    found = {
        "metadata": {"invocation_id": run_id, "generated_at": "2026-01-02T03:04:05Z"},
        "args": {"which": which},
        "results": [
            {"unique_id": ids[name], "status": status}
            for name, status in statuses.items()
        ]
        + [{"unique_id": "model.project.mart", "status": "success"}],
    }
    (target / "run_results.json").write_text(json.dumps(found))
    manifest = {"nodes": {ids[name]: {} for name in ("grain", "keys")}}
    (target / "manifest.json").write_text(json.dumps(manifest))
    results.keep(settings)


def test_without_a_build_there_is_nothing_to_tell(own: Settings) -> None:
    results.keep(own)
    assert results.kept(own) is None


def test_a_later_build_of_a_part_changes_that_part_only(own: Settings) -> None:
    dbt_ends(own, "build", "first", grain="pass", keys="fail")
    dbt_ends(own, "build", "second", grain="warn")
    assert results.kept(own) == results.Build(
        "second", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 0, 1, ["keys"]
    )


def test_a_test_that_was_skipped_says_what_it_said_before(own: Settings) -> None:
    dbt_ends(own, "build", "first", grain="error", keys="pass")
    dbt_ends(own, "build", "second", grain="skipped", keys="skipped")
    told = results.kept(own)
    assert (told.passed, told.failed_names) == (1, ["grain"])


def test_a_test_that_is_gone_is_not_told(own: Settings) -> None:
    dbt_ends(own, "build", "first", grain="pass", money="fail")
    told = results.kept(own)
    assert (told.passed, told.failed) == (1, 0)


def test_what_another_command_left_is_no_result_of_a_test(own: Settings) -> None:
    """A build that cannot even read the project leaves the file of a command before."""
    dbt_ends(own, "build", "first", grain="pass", keys="pass")
    before = results.kept(own)
    dbt_ends(own, "generate", "second", grain="success", keys="success")
    assert results.kept(own) == before


def loaded_at(settings: Settings, moment: str, status: str) -> None:
    """Leave what `dbt source freshness` leaves."""
    newest = {"unique_id": "source.raw.transactions", "max_loaded_at": moment}
    found = {"results": [{"unique_id": "another"}, newest | {"status": status}]}
    (settings.dbt_folder / "sources.json").write_text(json.dumps(found))


@pytest.mark.parametrize(("status", "is_stale"), [("pass", False), ("warn", True)])
def test_freshness_is_when_the_newest_lines_came_in(
    own: Settings, status: str, is_stale: bool
) -> None:
    loaded_at(own, "2026-01-02T03:04:05+00:00", status)
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert results.freshness(own) == results.Freshness(at, is_stale)


def test_of_no_lines_there_is_no_freshness(own: Settings) -> None:
    assert results.freshness(own) is None
    # What dbt writes of a table without rows.
    loaded_at(own, "0001-01-01T00:00:00+00:00", "warn")
    assert results.freshness(own) is None
