"""The whole way, `behavior run`: its order, and what it says at its end.

Each step is tested where it is at home; here they only say that they were taken.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from python_jobs import generate, run, session
from python_jobs.errors import NothingToLearnError, UserError
from python_jobs.settings import Settings


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order; nothing of it is really done."""
    taken: list[str] = []

    def step(name: str, result: Any = None) -> Callable[..., Any]:
        def take(*_arguments: Any, **_named: Any) -> Any:
            taken.append(name)
            return result

        return take

    def nobody(*_arguments: Any) -> None:
        taken.append("train")
        raise NothingToLearnError("nobody has bought yet")

    class Fitted:
        warnings = ("the fit is unsure",)

    def build(_settings: Any, command: list[str], arguments: list[str], _bar: Any):
        taken.append(" ".join((*command, *arguments)))

    monkeypatch.setattr(run.engine, "require", step("engine"))
    monkeypatch.setattr(run.generate, "generate", step("generate"))
    monkeypatch.setattr(run.dbt, "run_with_progress", build)
    monkeypatch.setattr(run.train, "train", nobody)
    monkeypatch.setattr(run.value, "fit", step("value", Fitted()))
    pages = [Path("site/docs/index.html"), Path("site/lineage/index.html")]
    monkeypatch.setattr(run.docs, "write", step("docs", pages))
    monkeypatch.setattr(run.report, "write", step("report", Path("site/index.html")))
    return taken


def test_the_way_is_gone_in_order_and_told(
    generated: Settings, steps: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    run.run(generated, generate.Options())
    assert steps == [
        "engine",
        "build --exclude source:ml+",
        "train",
        "value",
        "build --select source:ml+",
        "docs",
        "report",
    ]
    told = capfd.readouterr()
    assert "raw transactions: none generated" in told.err
    assert "warning: no personas: nobody has bought yet" in told.err
    assert "warning: the fit is unsure" in told.err
    [[customers]] = session.query(
        generated,
        f"select customer_count from {generated.schema('marts')}.rpt_rfm_segments "
        "where segment = 'Champions' and method = 'quintile'",
    )[1]
    lines = told.out.splitlines()
    [line] = [line for line in lines if line.startswith("│ Champions ")]
    assert f" {customers:,} " in line
    assert "Look at it:  site/index.html" in told.out
    assert "Follow a column:  site/lineage/index.html" in told.out
    for layer in ("raw", "staging", "intermediate", "marts", "ml", "insights"):
        assert f"│ {layer} " in told.out


def test_a_step_that_fails_ends_it(
    generated: Settings, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise UserError("`dbt build` failed")

    monkeypatch.setattr(run.dbt, "run_with_progress", fail)
    with pytest.raises(UserError, match="`dbt build` failed"):
        run.run(generated, generate.Options())
    assert steps == ["engine"]


def test_without_raw_data_some_is_generated(
    generated: Settings, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_raw_transactions", lambda *_: 0)
    monkeypatch.setattr(run.summary, "show", lambda *_: steps.append("told"))
    run.run(generated, generate.Options())
    assert steps[:2] == ["engine", "generate"]
    assert steps[-1] == "told"
