"""The engine: one JVM with the Spark Thrift Server and Spark Connect.

It is the only process that writes the warehouse. Delta's commits on a local disk are
safe within one JVM only, so a lock on the state folder is held for the engine's life:
the JVM inherits the locked file, and the kernel releases it when the JVM ends, however
that happens.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Thread

from python_jobs import launch, locks, session
from python_jobs.errors import UserError
from python_jobs.settings import Settings

START_SECONDS = 180
STOP_SECONDS = 60
# An engine that is busy answers late; one that hangs never does.
ANSWER_SECONDS = 20


@dataclass(frozen=True)
class Engine:
    """A running engine: its process, its ports, and whether it has answered yet."""

    pid: int
    thrift_port: int
    connect_port: int
    heap_mb: int
    is_ready: bool = False


def up(settings: Settings) -> tuple[Engine, bool]:
    """Start the engine unless it runs; return it once both endpoints answer.

    Returns:
        The engine, and whether this call started it.

    Raises:
        UserError: A port is busy, no Java is found, or the engine does not come up.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    while True:
        lock = locks.take(_lock_file(settings))
        if lock is not None:
            with lock:
                # What the last engine left, were it killed: its state, its scratch.
                _state_file(settings).unlink(missing_ok=True)
                shutil.rmtree(settings.home / "tmp", ignore_errors=True)
                _require_free_ports(settings)
                process = launch.start(settings, lock)
                engine = Engine(
                    process.pid,
                    settings.thrift_port,
                    settings.connect_port,
                    settings.heap_mb,
                )
                # At once, so that an engine can be stopped while it is starting.
                _write_state(settings, engine)
            return _await_start(settings, engine, process), True
        if engine := _join(settings):
            return engine, False


def down(settings: Settings) -> Engine | None:
    """Stop the engine cleanly; return what was stopped, None where none ran.

    Raises:
        UserError: The engine does not end.
    """
    engine = running(settings)
    if engine is None:
        return None
    os.kill(engine.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while (lock := locks.take(_lock_file(settings))) is None:
        if time.monotonic() > deadline:
            raise UserError(
                f"the engine (process {engine.pid}) did not stop in {STOP_SECONDS} s: "
                f"end it with `kill -9 {engine.pid}`; the next `behavior up` recovers"
            )
        time.sleep(0.1)
    with lock:
        _state_file(settings).unlink(missing_ok=True)
    return engine


def running(settings: Settings) -> Engine | None:
    """The engine that holds this home's lock, None where none does."""
    while _is_locked(settings):
        if engine := _read_state(settings):
            return engine
        # Its process is about to exist: Java and the jars are looked for first.
        time.sleep(0.2)
    return None


def is_healthy(settings: Settings) -> bool:
    """Whether both endpoints of the engine answer a query in time."""
    return _in_time(lambda: session.thrift_answers(settings)) and _in_time(
        lambda: session.connect_answers(settings)
    )


def require(settings: Settings) -> None:
    """Make sure that there is an engine to talk to; start the local one if need be."""
    if not settings.is_local:
        return
    engine = running(settings)
    if engine is None or not engine.is_ready or not _serves(engine, settings):
        up(settings)


def _lock_file(settings: Settings) -> Path:
    return settings.home / "engine.lock"


def _is_locked(settings: Settings) -> bool:
    if not _lock_file(settings).exists():
        return False
    lock = locks.take(_lock_file(settings))
    if lock is None:
        return True
    lock.close()
    return False


def _state_file(settings: Settings) -> Path:
    return settings.home / "engine.json"


def _read_state(settings: Settings) -> Engine | None:
    try:
        return Engine(**json.loads(_state_file(settings).read_text()))
    except FileNotFoundError:
        return None


def _write_state(settings: Settings, engine: Engine) -> None:
    partial = _state_file(settings).with_suffix(".partial")
    partial.write_text(json.dumps(asdict(engine)))
    partial.replace(_state_file(settings))


def _serves(engine: Engine, settings: Settings) -> bool:
    return (engine.thrift_port, engine.connect_port) == (
        settings.thrift_port,
        settings.connect_port,
    )


def _join(settings: Settings) -> Engine | None:
    """Wait for the engine that holds the lock; None where it has gone meanwhile."""
    deadline = time.monotonic() + START_SECONDS
    while engine := running(settings):
        if not _serves(engine, settings):
            raise UserError(
                f"process {engine.pid} already serves {settings.home} on ports "
                f"{engine.thrift_port} and {engine.connect_port}: set "
                "BEHAVIOR_THRIFT_PORT and BEHAVIOR_CONNECT_PORT to these, or "
                "`behavior down` it first"
            )
        if is_healthy(settings):
            return engine
        if engine.is_ready or time.monotonic() > deadline:
            # It may have been ending, rather than hanging.
            if running(settings) != engine:
                continue
            raise UserError(
                f"the engine (process {engine.pid}) does not answer: `behavior down`, "
                f"then `behavior up` (its log: {launch.log_file(settings)})"
            )
        time.sleep(0.2)
    return None


def _require_free_ports(settings: Settings) -> None:
    for port, variable in (
        (settings.thrift_port, "BEHAVIOR_THRIFT_PORT"),
        (settings.connect_port, "BEHAVIOR_CONNECT_PORT"),
    ):
        with socket.socket() as probe:
            # Connections of the last engine that linger do not make a port busy.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise UserError(
                    f"port {port} is busy: stop what listens there, or set {variable} "
                    "to another port"
                ) from error


def _await_start(
    settings: Settings, engine: Engine, process: subprocess.Popen[bytes]
) -> Engine:
    try:
        _await_answers(settings, process)
    except BaseException:
        process.kill()
        process.wait()
        raise
    engine = replace(engine, is_ready=True)
    _write_state(settings, engine)
    return engine


def _await_answers(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    for answers in (session.thrift_answers, session.connect_answers):
        while not answers(settings):
            if process.poll() is not None:
                raise UserError(
                    f"the engine ended while starting ({launch.cause(settings)}): "
                    f"see {launch.log_file(settings)}"
                )
            if time.monotonic() > deadline:
                raise UserError(
                    f"the engine did not answer within {START_SECONDS} s: "
                    f"see {launch.log_file(settings)}"
                )
            time.sleep(0.2)


def _in_time(answers: Callable[[], bool]) -> bool:
    """Ask, but not for ever: neither client has a limit for a server that hangs."""
    found: list[bool] = []
    asking = Thread(target=lambda: found.append(answers()), daemon=True)
    asking.start()
    asking.join(ANSWER_SECONDS)
    return found == [True]
