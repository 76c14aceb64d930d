"""dbt, run as a person would run it, with this project's profile and state folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from python_jobs import locks, results
from python_jobs.console import Bar, console
from python_jobs.errors import UserError
from python_jobs.settings import PROJECT, Settings

# "12 of 80 OK created ...": a node that has ended; START lines have not.
FINISHED = re.compile(r"\b(\d+) of (\d+) (?!START)")


def run(
    settings: Settings,
    command: Sequence[str],
    arguments: Sequence[str],
    on_line: Callable[[str], None] | None = None,
) -> int:
    """Run one dbt command; return its exit code.

    Two builds at once would replace each other's tables half-way, so there is one at
    a time of the same schemas. dbt itself holds the lock: it stays taken where this
    process is killed and dbt lives on.

    Args:
        settings: Where the engine and the state folder are.
        command: dbt's command, such as `["build"]`.
        arguments: All that the user adds, passed on as it is.
        on_line: Takes each line that dbt prints; without it they go to stdout.
    """
    with locks.exclusive(settings.lock_file("build"), "building") as lock:
        process = subprocess.Popen(
            # Not the `dbt` on PATH, which may be another installation's.
            [
                *(str(Path(sys.executable).with_name("dbt")), *command),
                *("--project-dir", str(PROJECT)),
                *("--profiles-dir", str(PROJECT / "profiles")),
                *("--target", settings.dbt_target),
                *arguments,
            ],
            env=_environment(settings)
            | ({"DBT_USE_COLORS": "false"} if on_line else {}),
            stdout=subprocess.PIPE if on_line else None,
            text=True,
            pass_fds=(lock.fileno(),),
        )
        locks.sign(lock, process.pid)
        try:
            for line in process.stdout or ():
                on_line(line.rstrip())
            code = process.wait()
        except KeyboardInterrupt:
            # dbt got the same signal: it cancels its statements, then ends.
            process.wait()
            raise
        if command[0] == "build":
            results.keep(settings)
    # A shell's number for "ended by signal N".
    return code if code >= 0 else 128 - code


def run_with_progress(
    settings: Settings, command: Sequence[str], arguments: Sequence[str], bar: Bar
) -> None:
    """Run one dbt command behind a progress bar, or line by line where no one watches.

    Raises:
        UserError: dbt failed; what it said at its end has been printed.
    """
    closing: list[str] = []

    def show(line: str) -> None:
        if not console.is_terminal:
            console.out(line, highlight=False)
        if found := FINISHED.search(line):
            bar.update(int(found[1]), int(found[2]))
        elif closing or "Completed with" in line:
            closing.append(line)

    if run(settings, command, arguments, show) != 0:
        if console.is_terminal:
            console.out("\n".join(closing), highlight=False)
        raise UserError(
            f"`dbt {' '.join(command)}` failed: see {settings.home / 'logs/dbt.log'}"
        )


def _environment(settings: Settings) -> dict[str, str]:
    """The settings, as profiles.yml and dbt read them."""
    return {
        **os.environ,
        "BEHAVIOR_HOME": str(settings.home),
        "BEHAVIOR_THRIFT_HOST": settings.thrift_host,
        "BEHAVIOR_THRIFT_PORT": str(settings.thrift_port),
        "BEHAVIOR_SCHEMA_PREFIX": settings.schema_prefix,
        "DBT_TARGET_PATH": str(settings.dbt_folder),
        "DBT_LOG_PATH": str(settings.home / "logs"),
    }
