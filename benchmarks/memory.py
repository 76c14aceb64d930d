"""How much memory a process has had."""

from __future__ import annotations

import resource
import sys


def peak_mb(whose: int = resource.RUSAGE_SELF) -> int:
    """The most memory, in MiB: of this process, or of its largest child that ended."""
    peak = resource.getrusage(whose).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
