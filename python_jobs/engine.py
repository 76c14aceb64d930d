"""The engine: one JVM with the Spark Thrift Server and Spark Connect.

It is the only process that writes the warehouse. Delta's commits on a local disk are
safe within one JVM only, so a lock on the state folder is held for the engine's life:
the JVM inherits the locked file, and the kernel releases it when the JVM ends, however
that happens.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from python_jobs import java, session
from python_jobs.errors import UserError
from python_jobs.settings import PROJECT, Settings

THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"
START_SECONDS = 180
STOP_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """A running engine: its process and its ports."""

    pid: int
    thrift_port: int
    connect_port: int
    heap_mb: int


def up(settings: Settings) -> tuple[Engine, bool]:
    """Start the engine unless it runs; return it once both endpoints answer.

    Returns:
        The engine, and whether this call started it.

    Raises:
        UserError: A port is busy, no Java is found, or the engine does not come up.
    """
    _make_home(settings.home)
    lock = _lock(settings)
    if lock is None:
        return _join(settings), False
    with lock:
        _require_free_ports(settings)
        command = java.spark_submit_command(settings.home, _arguments(settings))
        process = _start(command, settings, lock)
    engine = Engine(
        process.pid, settings.thrift_port, settings.connect_port, settings.heap_mb
    )
    try:
        _await_answers(settings, process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    # Written last: who finds the file finds an engine that has answered.
    partial = _state_file(settings).with_suffix(".partial")
    partial.write_text(json.dumps(asdict(engine)))
    partial.replace(_state_file(settings))
    return engine, True


def down(settings: Settings) -> Engine | None:
    """Stop the engine cleanly; return what was stopped, None where none ran.

    Raises:
        UserError: The engine is still starting, or does not end.
    """
    engine = running(settings)
    if engine is None:
        return None
    os.kill(engine.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _is_locked(settings):
        if time.monotonic() > deadline:
            raise UserError(
                f"the engine (process {engine.pid}) did not stop in {STOP_SECONDS} s: "
                f"end it with `kill -9 {engine.pid}`; the next `behavior up` recovers"
            )
        time.sleep(0.1)
    _state_file(settings).unlink(missing_ok=True)
    return engine


def running(settings: Settings) -> Engine | None:
    """The engine that holds this home's lock, None where none does.

    Raises:
        UserError: The engine is still starting.
    """
    if not _is_locked(settings):
        return None
    engine = _read_state(settings)
    if engine is None:
        raise UserError("the engine is starting: try again in a few seconds")
    return engine


def is_healthy(settings: Settings) -> bool:
    """Whether both endpoints of the engine answer a query."""
    return session.thrift_answers(settings) and session.connect_answers(settings)


def require(settings: Settings) -> None:
    """Make sure that there is an engine to talk to; start the local one if need be."""
    if settings.is_local:
        up(settings)


def _make_home(home: Path) -> None:
    for folder in (home, home / "logs", home / "tmp"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)


def _state_file(settings: Settings) -> Path:
    return settings.home / "engine.json"


def _read_state(settings: Settings) -> Engine | None:
    try:
        return Engine(**json.loads(_state_file(settings).read_text()))
    except FileNotFoundError:
        return None


def _lock(settings: Settings) -> IO[str] | None:
    """Take the lock of this home, or return None where another process has it."""
    lock = (settings.home / "engine.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _is_locked(settings: Settings) -> bool:
    if not (settings.home / "engine.lock").exists():
        return False
    lock = _lock(settings)
    if lock is None:
        return True
    lock.close()
    return False


def _join(settings: Settings) -> Engine:
    """Wait for the engine that another `up` started, and check that it is ours."""
    deadline = time.monotonic() + START_SECONDS
    while (engine := _read_state(settings)) is None:
        if time.monotonic() > deadline or not _is_locked(settings):
            raise UserError(
                "another process held the engine's lock and no engine came of it: "
                f"see {_log_file(settings)}, then run `behavior up` again"
            )
        time.sleep(0.2)
    ours = (settings.thrift_port, settings.connect_port)
    if (engine.thrift_port, engine.connect_port) != ours:
        raise UserError(
            f"process {engine.pid} already serves this home on ports "
            f"{engine.thrift_port} and {engine.connect_port}: use those, or "
            "`behavior down` it first"
        )
    if not is_healthy(settings):
        raise UserError(
            f"the engine (process {engine.pid}) does not answer: `behavior down`, "
            f"then `behavior up` (its log: {_log_file(settings)})"
        )
    return engine


def _require_free_ports(settings: Settings) -> None:
    for port, variable in (
        (settings.thrift_port, "BEHAVIOR_THRIFT_PORT"),
        (settings.connect_port, "BEHAVIOR_CONNECT_PORT"),
    ):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise UserError(
                    f"port {port} is busy: stop what listens there, or set {variable} "
                    "to another port"
                ) from error


def _arguments(settings: Settings) -> list[str]:
    """What differs between installations; the rest is in spark-defaults.conf."""
    home = settings.home
    options = " ".join(
        f'"{option}"'
        for option in (
            "-XX:+ExitOnOutOfMemoryError",
            f"-Djava.io.tmpdir={home}/tmp",
            f"-Dderby.system.home={home}",
            f"-Dlog4j2.configurationFile=file:{PROJECT}/profiles/log4j2.properties",
            f"-Dderby.stream.error.file={home}/logs/derby.log",
        )
    )
    confs = {
        "spark.sql.warehouse.dir": f"{home}/warehouse",
        "spark.local.dir": f"{home}/tmp",
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={home}/metastore_db;create=true"
        ),
        "spark.hadoop.hive.exec.scratchdir": f"{home}/tmp/hive",
        "spark.hadoop.hive.exec.local.scratchdir": f"{home}/tmp/hive-local",
        "spark.hadoop.hive.downloaded.resources.dir": f"{home}/tmp/hive-resources",
        "spark.hadoop.hive.querylog.location": f"{home}/logs/hive",
        "spark.hadoop.hive.server2.logging.operation.log.location": (
            f"{home}/tmp/hive-operations"
        ),
        "spark.hadoop.hive.server2.thrift.port": str(settings.thrift_port),
        "spark.connect.grpc.binding.port": str(settings.connect_port),
    }
    return [
        *("--properties-file", str(PROJECT / "profiles" / "spark-defaults.conf")),
        *("--master", "local[*]"),
        *("--name", "customer-behavior"),
        *("--driver-memory", f"{settings.heap_mb}m"),
        *("--driver-java-options", options),
        *(part for key in confs for part in ("--conf", f"{key}={confs[key]}")),
        *("--class", THRIFT_SERVER),
        "spark-internal",
    ]


def _log_file(settings: Settings) -> Path:
    return settings.home / "logs" / "engine.log"


def _start(
    command: list[str], settings: Settings, lock: IO[str]
) -> subprocess.Popen[bytes]:
    _state_file(settings).unlink(missing_ok=True)
    token = secrets.token_urlsafe(32)
    with _private(settings.token_file) as file:
        file.write(token)
    log = _log_file(settings)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=settings.home,
            # In the environment, because a command line is everybody's to read.
            env={
                **java.spark_environment(),
                "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
            },
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
            umask=0o077,
        )


@contextlib.contextmanager
def _private(path: Path) -> Iterator[IO[str]]:
    """Open a file for writing that only its owner can read, from its first byte."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yield file


def _await_answers(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    for answers in (session.thrift_answers, session.connect_answers):
        while not answers(settings):
            if process.poll() is not None:
                raise UserError(
                    f"the engine ended while starting: see {_log_file(settings)}"
                )
            if time.monotonic() > deadline:
                raise UserError(
                    f"the engine did not answer within {START_SECONDS} s: "
                    f"see {_log_file(settings)}"
                )
            time.sleep(0.2)
