"""What each test costs: the end of a run says where its minutes went.

Seconds depend on the machine and on what else it does; the engine's CPU seconds, dbt's
nodes and its starts hardly do, so they tell whether a change made the suite dearer. The
cost of a fixture is counted with the first test that asks for it.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import psutil
import pytest

from python_jobs import dbt
from python_jobs.launch import THRIFT_SERVER
from python_jobs.settings import Settings

SHOWN_TESTS = 10


@dataclass(frozen=True)
class Cost:
    """What something took, or what all had taken by some moment.

    Attributes:
        seconds: On the clock.
        engine_cpu: CPU seconds of the engines.
        other_cpu: CPU seconds of pytest and the commands that have ended, dbt's too.
        dbt_starts: How often dbt was started.
        dbt_nodes: How many models, tests, seeds and snapshots dbt ran.
    """

    seconds: float = 0
    engine_cpu: float = 0
    other_cpu: float = 0
    dbt_starts: int = 0
    dbt_nodes: int = 0

    def __add__(self, other: Cost) -> Cost:
        """The cost of both."""
        return Cost(
            *(a + b for a, b in zip(astuple(self), astuple(other), strict=True))
        )

    def __sub__(self, other: Cost) -> Cost:
        """What was spent since the other moment."""
        return Cost(
            *(a - b for a, b in zip(astuple(self), astuple(other), strict=True))
        )

    def __str__(self) -> str:
        """A line of the table."""
        return "".join(f"{number:12,.0f}" for number in astuple(self))


HEADER = "".join(f"{field.name.replace('_', ' '):>12}" for field in fields(Cost))


class Engines:
    """The CPU seconds of all engines on the machine, of ended ones too.

    What an engine used after the last look is lost when it ends: hence one each second.
    """

    def __init__(self) -> None:
        """Begin to look."""
        self._used: dict[tuple[int, float], float] = {}
        self._lock = Lock()
        self._closed = Event()
        Thread(target=self._watch, daemon=True).start()

    def seconds(self) -> float:
        """CPU seconds until now."""
        with self._lock:
            for process in psutil.process_iter(["name", "create_time"]):
                if process.info["name"] != "java":
                    continue
                try:
                    if THRIFT_SERVER in process.cmdline():
                        times = process.cpu_times()
                        used = times.user + times.system
                        self._used[process.pid, process.info["create_time"]] = used
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            return sum(self._used.values())

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(1):
            self.seconds()


class CostPlugin:
    """Takes the cost of each test, and prints it at the end."""

    def __init__(self) -> None:
        """Begin with nothing spent."""
        self._engines = Engines()
        self._starts = self._nodes = 0
        self._by_test: dict[str, Cost] = {}
        self._patch = pytest.MonkeyPatch()
        run = dbt.run

        def counted(settings: Settings, *arguments: Any, **named: Any) -> int:
            code = run(settings, *arguments, **named)
            self._starts += 1
            self._nodes += _nodes_of_last_run(settings)
            return code

        self._patch.setattr(dbt, "run", counted)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """One test, with the fixtures that are made for it and end with it."""
        before = self._spent()
        try:
            return (yield)
        finally:
            self._by_test[item.nodeid] = self._spent() - before

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The dearest tests, then each file, then all."""
        self._engines.close()
        self._patch.undo()
        if not self._by_test:
            # With several workers each of them has a part, and none the table.
            return
        by_file: dict[str, Cost] = defaultdict(Cost)
        for test, cost in self._by_test.items():
            by_file[Path(test.partition("::")[0]).name] += cost
        dearest = sorted(self._by_test.items(), key=lambda one: -one[1].seconds)
        everything = sum(by_file.values(), Cost())
        terminalreporter.section("cost")
        for of, costs in (
            ("the dearest tests", dearest[:SHOWN_TESTS]),
            ("files", sorted(by_file.items(), key=lambda one: -one[1].seconds)),
        ):
            terminalreporter.write_line(f"{HEADER}  {of}")
            for name, cost in costs:
                terminalreporter.write_line(f"{cost}  {name.rpartition('/')[2]}")
        terminalreporter.write_line(f"{everything}  all")

    def _spent(self) -> Cost:
        times = os.times()
        return Cost(
            time.monotonic(),
            self._engines.seconds(),
            sum(times[:4]),
            self._starts,
            self._nodes,
        )


def _nodes_of_last_run(settings: Settings) -> int:
    """How many nodes dbt's last command ran; to compile one is not to run it."""
    results = settings.dbt_folder / "run_results.json"
    if not results.exists():
        return 0
    found = json.loads(results.read_text())
    if found["args"]["which"] == "compile":
        return 0
    return sum(result["status"] != "skipped" for result in found["results"])
