"""Locks that end with the process that holds them, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from python_jobs.errors import UserError


def take(path: Path) -> IO[str] | None:
    """Lock a file until it is closed; None where another process has it.

    A child that inherits the open file shares the lock, and keeps it for its own life.
    """
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


@contextmanager
def exclusive(path: Path, doing: str) -> Iterator[IO[str]]:
    """Hold the lock `path` while the block runs; yield the locked file.

    Args:
        path: The lock file; it is created where it is missing and never deleted.
        doing: What its holder does, for the one who finds it taken.

    Raises:
        UserError: Another process has it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = take(path)
    if lock is None:
        raise UserError(f"process {path.read_text()} is {doing}: wait until it ends")
    with lock:
        sign(lock, os.getpid())
        yield lock


def sign(lock: IO[str], pid: int) -> None:
    """Write into a lock file which process holds it."""
    lock.truncate(0)
    lock.write(str(pid))
    lock.flush()
