"""Promises that are kept in one place of the code, seen there without an engine."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import local_settings

from python_jobs import contract, locks, raw
from python_jobs.errors import UserError
from python_jobs.generator.expressions import Chance
from python_jobs.raw import Batch, Delivery

# --- locks


def test_what_is_locked_cannot_be_had_and_its_holder_is_named(tmp_path: Path) -> None:
    """Two open files of one process exclude each other as those of two do."""
    path = tmp_path / "home" / "a.lock"
    with locks.exclusive(path, "loading"):
        assert locks.take(path) is None
        with (
            pytest.raises(UserError, match=f"^process {os.getpid()} is loading: wait"),
            locks.exclusive(path, "loading"),
        ):
            pass
    free = locks.take(path)
    assert free is not None
    free.close()


# --- deliveries


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many rows each table takes; the engine is not asked."""
    counts = {"transactions": 8, "rejects": 2}
    monkeypatch.setattr(Delivery, "_write", lambda _self, table, *_: counts[table])
    return counts


def appended(delivery: Delivery, **options: Any) -> Batch:
    """A batch of ten rows in."""
    return delivery.append(
        "transactions",
        None,
        source="a.csv",
        content_hash="x",
        ingested_at=datetime(2026, 1, 1, tzinfo=UTC),
        **{"rejects": object(), "rows_in": 10} | options,
    )


def test_each_row_of_a_batch_is_counted_where_it_went(written: dict[str, int]) -> None:
    delivery = Delivery(None, None, 7)
    batch = appended(delivery)
    assert (batch.batch_id, delivery.next_batch_id) == (7, 8)
    assert (batch.rows_in, batch.rows_raw, batch.rows_rejected) == (10, 8, 2)
    batch = appended(delivery, rows_in=14, rows_not_meant=4)
    assert (batch.rows_in, batch.rows_not_meant) == (14, 4)
    # Nothing is rejected of rows that nobody had to parse.
    made = appended(delivery, rejects=None, rows_in=None)
    assert (made.rows_in, made.rows_raw, made.rows_rejected) == (8, 8, 0)


@pytest.mark.parametrize("rejected", [1, 3])
def test_a_row_that_is_neither_loaded_nor_rejected_stops_the_load(
    written: dict[str, int], rejected: int
) -> None:
    written["rejects"] = rejected
    delivery = Delivery(None, None, 1)
    with pytest.raises(UserError, match=r"^a\.csv: 10 rows in, but 8 loaded and"):
        appended(delivery)
    assert delivery.batches == []


def test_a_delivery_that_fails_lists_no_batch(
    written: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[list[int]] = []
    monkeypatch.setattr(contract, "create_missing", lambda *_: None)
    monkeypatch.setattr(raw, "_next_batch_id", lambda *_: 1)
    monkeypatch.setattr(
        Delivery,
        "publish",
        lambda self: listed.append([batch.batch_id for batch in self.batches]),
    )
    settings = local_settings(tmp_path)
    with (
        pytest.raises(KeyboardInterrupt),
        raw.delivery(None, settings) as delivery,
    ):
        appended(delivery)
        raise KeyboardInterrupt
    assert listed == []
    with raw.delivery(None, settings) as delivery:
        appended(delivery)
        appended(delivery)
        assert listed == []
    assert listed == [[1, 2]]


# --- chance


def test_all_chance_depends_on_the_seed() -> None:
    drawn = {
        Chance(seed).uniform(purpose, "id")
        for seed in (42, 43)
        for purpose in ("age", "town")
    }
    assert len(drawn) == 4
    assert Chance(42).uniform("age", "id") == Chance(42).uniform("age", "id")
    for made in (Chance.normal, Chance.whole):
        arguments = ("age", "id") if made is Chance.normal else ("age", 9, "id")
        assert made(Chance(42), *arguments) != made(Chance(43), *arguments)
