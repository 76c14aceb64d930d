"""All measurements, one after another: `make bench`.

Each has a process of its own, as its memory is measured too, and leaves what it found
in `results/`. One that fails or misses a mark that it checks does not stop the others.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = ("lifetime", "generate", "build", "scale", "kmeans", "personas")


def main() -> None:
    """Run them all; raise SystemExit that names those that failed or missed a mark."""
    failed = []
    for name in BENCHMARKS:
        print(f"benchmarks.{name}", file=sys.stderr, flush=True)
        ran = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        # A missed mark was measured; a failure leaves what was measured before.
        if ran.stdout:
            (RESULTS / f"{name}.json").write_text(ran.stdout)
        if ran.returncode != 0:
            failed.append(name)
    if failed:
        raise SystemExit(f"failed or missed a mark: {', '.join(failed)}")


if __name__ == "__main__":
    main()
