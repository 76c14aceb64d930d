"""How much memory a process has had."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from python_jobs.engine import Engine


def peak_mb(whose: int = resource.RUSAGE_SELF) -> int:
    """The most memory, in MiB: of this process, or of its largest child that ended."""
    peak = resource.getrusage(whose).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))


def engine_peak_mb(running: Engine | None) -> int | None:
    """The most memory that the engine has had, in MiB, where the kernel tells."""
    status = Path(f"/proc/{running.pid}/status") if running else None
    if status is None or not status.exists():
        return None
    [line] = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) // 1024
