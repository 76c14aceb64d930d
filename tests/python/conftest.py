"""One engine for the whole test run; each module has schemas of its own in it.

The workers of a run share the engine. A file's tests stay with one worker, and so do
all files that look at one of the built states: each state is built once.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from browser import launch
from cost import CostPlugin
from pipeline import MODELS, apart, build
from playwright.sync_api import Browser, sync_playwright
from pyspark.sql import SparkSession
from shop import Shop, opened
from worlds import Compiled, compiled
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from python_jobs import docs, engine, load, report, session, value
from python_jobs.console import progress
from python_jobs.settings import Settings

KEPT_HOME = os.environ.get("BEHAVIOR_TEST_HOME")
# What is built once in a run, and the files that look at it.
STATES = {"shop", "cdnow"}
FILES_OF_STATES = {
    *("test_analyses", "test_cdnow", "test_cost", "test_docs", "test_increments"),
    *("test_oracle", "test_report", "test_run", "test_sql"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Let the end of each run say what it cost."""
    config.pluginmanager.register(CostPlugin(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for an engine, through whichever fixtures."""
    for item in items:
        asked = getattr(item, "fixturenames", ())
        if "engine_settings" not in asked:
            continue
        item.add_marker(pytest.mark.engine)
        if STATES.intersection(asked) and item.path.stem not in FILES_OF_STATES:
            raise pytest.UsageError(f"{item.path}: add it to FILES_OF_STATES")


class ByState(LoadScopeScheduling):
    """A file's tests stay with one worker, and so do all files of the states."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).stem
        return "states" if file in FILES_OF_STATES else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByState:
    """Which tests go to which worker."""
    return ByState(config, log)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the engine of the run, once all its workers have ended."""
    if not hasattr(session.config, "workerinput") and not KEPT_HOME:
        factory = session.config._tmp_path_factory
        engine.down(local_settings(factory.getbasetemp() / "behavior"))


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def local_settings(home: Path) -> Settings:
    """Settings of an engine of its own, for tests that start and stop one."""
    return Settings(
        home=home,
        thrift_host="127.0.0.1",
        thrift_port=free_port(),
        connect_port=free_port(),
        remote_connect_url=None,
        heap_mb=3072,
        schema_prefix="",
    )


@pytest.fixture(scope="session")
def run_folder(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Path:
    """A folder that all workers of this run have in common."""
    folder = tmp_path_factory.getbasetemp()
    # A worker's folder is in that of the run.
    return folder.parent if hasattr(pytestconfig, "workerinput") else folder


@pytest.fixture(scope="session")
def engine_settings(run_folder: Path) -> Settings:
    """A running engine with an empty warehouse.

    BEHAVIOR_TEST_HOME names a state folder whose engine is kept from run to run, for
    whoever runs a few tests again and again; each run has schemas of its own in it.
    """
    if KEPT_HOME:
        settings = joined(Path(KEPT_HOME))
        return replace(settings, schema_prefix=f"run_{time.time_ns() // 10**6:x}_")
    return joined(run_folder / "behavior")


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """One worker at a time makes that file; the other waits."""
    with file.with_suffix(".made").open("w") as made:
        fcntl.flock(made, fcntl.LOCK_EX)
        yield


def joined(home: Path) -> Settings:
    """The engine of that home, which the first who asks starts."""
    settings = local_settings(home)
    with alone(home):
        if running := engine.running(settings):
            settings = replace(
                settings,
                thrift_port=running.thrift_port,
                connect_port=running.connect_port,
            )
        engine.up(settings)
    return settings


@pytest.fixture(scope="module")
def settings(engine_settings: Settings, request: pytest.FixtureRequest) -> Settings:
    """The shared engine, with schemas that only this module uses."""
    name = re.sub(r"\W", "_", request.module.__name__.rpartition(".")[2])
    return apart(engine_settings, name)


@pytest.fixture(scope="module")
def spark(settings: Settings) -> Iterator[SparkSession]:
    """A Connect session on the shared engine."""
    with session.connect(settings) as spark:
        yield spark


@pytest.fixture(scope="session")
def project(engine_settings: Settings, run_folder: Path) -> Compiled:
    """The models as dbt compiles them for worlds of literal rows."""
    return compiled_once(run_folder / "project", engine_settings)


@pytest.fixture(scope="session")
def project_in_march(engine_settings: Settings, run_folder: Path) -> Compiled:
    """The same as of an earlier day, by another clock and another model of value."""
    zone = "America/St_Johns"
    variables = (
        f"{{as_of_date: 2024-03-01, time_zone: {zone}, lifetime_value_model: BG/NBD}}"
    )
    own = apart(engine_settings, "march")
    file = run_folder / "project_in_march"
    return replace(compiled_once(file, own, "--vars", variables), time_zone=zone)


def compiled_once(file: Path, settings: Settings, *arguments: str) -> Compiled:
    """What dbt compiles, by the first who asks; the file is for who asks later."""
    with alone(file):
        if not file.exists():
            file.write_bytes(pickle.dumps(compiled(settings, *arguments)))
    return pickle.loads(file.read_bytes())


@pytest.fixture(scope="session")
def shop(engine_settings: Settings) -> Shop:
    """Generated data with its planted trouble, and all models built on it."""
    return opened(apart(engine_settings, "shop"))


@pytest.fixture(scope="session")
def generated(shop: Shop) -> Settings:
    """Where that is."""
    return shop.settings


@dataclass(frozen=True)
class Site:
    """The pages on generated data, a copy that no other test writes.

    Attributes:
        folder: The folder `site`.
        target: The folder with the manifest and the catalog that the docs are made of.
    """

    folder: Path
    target: Path


@pytest.fixture(scope="session")
def site(generated: Settings, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Docs, lineage and report, written once."""
    kept = tmp_path_factory.mktemp("site")
    copied = Site(kept / "site", kept / "target")
    copied.target.mkdir()
    with progress("writing the pages") as bar:
        docs.write(generated, bar)
        for name in ("manifest.json", "catalog.json"):
            shutil.copy(generated.dbt_folder / name, copied.target)
        report.write(generated, bar)
    shutil.copytree(generated.home / "site", copied.folder)
    return copied


@pytest.fixture(scope="session")
def cdnow(engine_settings: Settings) -> Settings:
    """The CDNOW purchase log, customer value, and all models; personas are empty."""
    own = apart(engine_settings, "cdnow")
    with session.connect(own) as spark:
        load.load(spark, own, *load.example("cdnow"))
    build(own, "--exclude", "source:ml+", *MODELS)
    with session.connect(own) as spark:
        value.fit(spark, own, value.Options(draws=20))
    build(own, "--select", "source:ml+", *MODELS)
    return own


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser of all tests of pages; each visit has a profile of its own."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
