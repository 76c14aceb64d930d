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
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil
import pytest

from python_jobs import dbt
from python_jobs.launch import THRIFT_SERVER
from python_jobs.settings import Settings

SHOWN_TESTS = 10


@dataclass(frozen=True)
class Cost:
    """What something took.

    Attributes:
        seconds: On the clock.
        engine_cpu: CPU seconds of the engines; where two tests ran, half of them.
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

    def __str__(self) -> str:
        """A line of the table."""
        return "".join(f"{number:12,.0f}" for number in astuple(self))


HEADER = "".join(f"{field.name.replace('_', ' '):>12}" for field in fields(Cost))


@dataclass(frozen=True)
class Ran:
    """A test that ran.

    Attributes:
        name: Its node id.
        start: When it began, by the clock that all processes share.
        end: When it ended.
        other_cpu: As in Cost, and so the next two.
        dbt_starts: Of these.
        dbt_nodes: Of these.
    """

    name: str
    start: float
    end: float
    other_cpu: float
    dbt_starts: int
    dbt_nodes: int


class Engines:
    """The CPU seconds of all engines on the machine, of ended ones too.

    What an engine used after the last look is lost when it ends: hence one each second.
    """

    def __init__(self) -> None:
        """Begin to look."""
        self._used: dict[tuple[int, float], float] = {}
        self._closed = Event()
        # By the clock: seconds used since the look before.
        self.looks: list[tuple[float, float]] = []
        self._there_before = self._look()
        Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._closed.set()

    def _watch(self) -> None:
        used = self._there_before
        while not self._closed.wait(1):
            now = self._look()
            self.looks.append((time.monotonic(), now - used))
            used = now

    def _look(self) -> float:
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


class CostPlugin:
    """Takes the cost of each test, and prints it at the end.

    With several workers each of them has a part of the tests; the process that they
    report to looks at the engines and prints the table.
    """

    def __init__(self, config: pytest.Config) -> None:
        """Begin with nothing spent."""
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._engines = None if self._is_worker else Engines()
        self._starts = self._nodes = 0
        self._ran: list[Ran] = []
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
        start, cpu = time.monotonic(), _own_cpu()
        starts, nodes = self._starts, self._nodes
        try:
            return (yield)
        finally:
            self._ran.append(
                Ran(
                    item.nodeid,
                    start,
                    time.monotonic(),
                    _own_cpu() - cpu,
                    self._starts - starts,
                    self._nodes - nodes,
                )
            )

    def pytest_sessionfinish(self) -> None:
        """Hand over what this worker ran."""
        self._patch.undo()
        if self._is_worker:
            self._config.workeroutput["cost"] = [asdict(one) for one in self._ran]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker ran; one that crashed leaves nothing."""
        for one in getattr(node, "workeroutput", {}).get("cost", []):
            self._ran.append(Ran(**one))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The dearest tests, then each file, then all."""
        if self._engines is None or not self._ran:
            return
        self._engines.close()
        by_test = shared(self._ran, self._engines.looks)
        by_file: dict[str, Cost] = defaultdict(Cost)
        for test, cost in by_test.items():
            by_file[Path(test.partition("::")[0]).name] += cost
        terminalreporter.section("cost")
        for of, costs in (("the dearest tests", by_test), ("files", by_file)):
            terminalreporter.write_line(f"{HEADER}  {of}")
            dearest = sorted(costs.items(), key=lambda one: -one[1].seconds)
            for name, cost in dearest[: SHOWN_TESTS if costs is by_test else None]:
                terminalreporter.write_line(f"{cost}  {name.rpartition('/')[2]}")
        everything = replace(
            sum(by_file.values(), Cost()),
            seconds=max(one.end for one in self._ran)
            - min(one.start for one in self._ran),
        )
        terminalreporter.write_line(f"{everything}  all, on the clock")


def shared(ran: list[Ran], looks: list[tuple[float, float]]) -> dict[str, Cost]:
    """The cost of each test.

    Args:
        ran: The tests, several at a time perhaps.
        looks: What the engines used, and when; shared by those that ran then.
    """
    found = {
        one.name: Cost(
            one.end - one.start, 0, one.other_cpu, one.dbt_starts, one.dbt_nodes
        )
        for one in ran
    }
    before = float("-inf")
    for moment, used in looks:
        there = [one for one in ran if one.start < moment and one.end > before]
        for one in there:
            found[one.name] += Cost(engine_cpu=used / len(there))
        before = moment
    return found


def _own_cpu() -> float:
    return sum(os.times()[:4])


def _nodes_of_last_run(settings: Settings) -> int:
    """How many nodes dbt's last command ran; to compile one is not to run it."""
    results = settings.dbt_folder / "run_results.json"
    if not results.exists():
        return 0
    found = json.loads(results.read_text())
    if found["args"]["which"] == "compile":
        return 0
    return sum(result["status"] != "skipped" for result in found["results"])
