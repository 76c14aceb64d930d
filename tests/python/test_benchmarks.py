"""A benchmark that misses a mark says which one."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import lifetime, personas


def found(
    index: float = 0.8, cost: float = 1.01, kept: float = 0.95, noise: bool = False
) -> dict[str, Any]:
    """What the benchmark of personas finds; just good enough unless told otherwise."""
    return {
        "recovery": {"adjusted_rand_index": index, "has_structure": True},
        "ablation": {"cost_by_scikit_learns": cost},
        "a_month_later": {"share_that_kept_its_persona": kept},
        "one_hidden_persona": {"has_structure": noise},
    }


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ({}, []),
        ({"index": 0.7999}, ["adjusted Rand index 0.7999"]),
        ({"cost": 1.0101}, ["1.0101 of scikit-learn's cost"]),
        ({"kept": 0.9499}, ["0.9499 of the customers kept their persona"]),
        ({"noise": True}, ["one hidden persona shows structure"]),
    ],
)
def test_each_mark_of_the_personas_can_be_missed(
    numbers: dict[str, Any], says: list[str]
) -> None:
    assert personas.missed(found(**numbers)) == says


def test_each_mark_of_the_fits_can_be_missed() -> None:
    assert lifetime.missed(59.9, 1023) == []
    assert lifetime.missed(60.0, 1023) == ["the point fits of one date took 60 s"]
    assert lifetime.missed(59.9, 1024) == ["it took 1024 MB at the peak"]
