"""`python -m tests.mutants.run`: does a test see each fault of the catalogue?

All happens in one copy of the project. The tests that the faults name must hold there
first; then each fault is put in, its tests are run, and it is taken out again. A fault
is found where a test fails, or one of dbt's own while a test builds what it looks at.
Where a test cannot even begin for another reason, nothing is proved, and the catalogue
has to be mended.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.mutants import catalog
from tests.mutants.catalog import PROJECT, Mutant

TIMEOUT_SECONDS = 1800
# A test of the data or of a model's logic that does not hold, as dbt prints it.
DBT_TEST_FAILED = re.compile(r"Failure in (?:unit_)?test (\w+)")
DBT_NODE_BROKE = re.compile(r"(?:Database|Runtime|Compilation|Parsing) Error")


@dataclass(frozen=True)
class Outcome:
    """What pytest said.

    Attributes:
        code: Its exit code; -1 where it took too long.
        failed: The tests that failed.
        broken: The tests that could not begin: a fixture or an import failed.
        skipped: The tests that were not run.
        output: What it printed.
    """

    code: int
    failed: list[str]
    broken: list[str]
    skipped: list[str]
    output: str

    @property
    def found_by(self) -> str | None:
        """The first test that failed, None where none did."""
        if self.failed:
            return self.failed[0]
        failed = DBT_TEST_FAILED.search(self.output)
        if failed and not DBT_NODE_BROKE.search(self.output):
            return f"dbt's {failed[1]}"
        return None

    @property
    def verdict(self) -> str:
        """Whether the fault was found."""
        if self.code == 0:
            return "SURVIVED"
        return "found" if self.code == 1 and self.found_by else "BROKEN"


@dataclass(frozen=True)
class Copy:
    """A copy of the project, and what its tests need of the environment."""

    root: Path

    @property
    def home(self) -> Path:
        """The state folder of the engine that is kept from run to run."""
        return self.root / "home"

    def environment(self) -> dict[str, str]:
        """What makes the copy's modules the ones that are imported."""
        own = {key: os.environ[key] for key in os.environ if "BEHAVIOR_" not in key}
        # Of two texts of one length and one second the cache knows the first only.
        return own | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}

    def test(self, tests: Sequence[str], keep_engine: bool = True) -> Outcome:
        """Run some tests of the copy."""
        report = self.root / "report.xml"
        report.unlink(missing_ok=True)
        command = [
            *(str(self.root / ".venv/bin/python"), "-m", "pytest", "-x", "-q"),
            *("-p", "no:cacheprovider", f"--junitxml={report}", *tests),
        ]
        kept = {"BEHAVIOR_TEST_HOME": str(self.home)} if keep_engine else {}
        try:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=self.environment() | kept,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=TIMEOUT_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Outcome(-1, [], [], [], f"not done in {TIMEOUT_SECONDS} s")
        named: dict[str, list[str]] = {"failure": [], "error": [], "skipped": []}
        cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
        for case in cases:
            for kind, names in named.items():
                if case.find(kind) is not None:
                    names.append(case.get("name", ""))
        return Outcome(done.returncode, *named.values(), done.stdout)

    def require_own_modules(self) -> None:
        """Make sure that tests and commands take `python_jobs` from here."""
        asked = subprocess.run(
            [self.root / ".venv/bin/behavior", "serve", "--port", "0"],
            cwd="/",
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        if str(self.root / ".behavior") not in asked.stderr:
            sys.exit(f"the command is not of the copy: {asked.stderr}")

    @contextmanager
    def with_fault(self, mutant: Mutant) -> Iterator[None]:
        """Put the fault in for as long as the block runs."""
        file = self.root / mutant.file
        text = file.read_text()
        file.write_text(text.replace(mutant.old, mutant.new))
        try:
            yield
        finally:
            file.write_text(text)


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy of the project as it is, committed or not; its engine ends with it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy(Path(folder).resolve())
        for name in filter(None, listed.stdout.split("\0")):
            if (PROJECT / name).is_file():
                (copy.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, copy.root / name)
        (copy.root / ".venv").symlink_to(Path(sys.prefix).resolve())
        try:
            yield copy
        finally:
            if copy.home.exists():
                subprocess.run(
                    [copy.root / ".venv/bin/behavior", "down"],
                    env=copy.environment() | {"BEHAVIOR_HOME": str(copy.home)},
                    stdout=subprocess.DEVNULL,
                )


def run(mutants: list[Mutant]) -> bool:
    """Try the mutants, tell of each, and return whether all were found."""
    verdicts = []
    with copied() as copy:
        copy.require_own_modules()
        tests = list(dict.fromkeys(test for one in mutants for test in one.tests))
        sound = copy.test(tests)
        if sound.code or sound.skipped:
            sys.exit(
                f"{sound.output}\nwithout a fault these must hold, and none be "
                f"skipped: {', '.join(sound.failed + sound.broken + sound.skipped)}"
            )
        print(f"without a fault the {len(tests)} tests hold", flush=True)
        for mutant in mutants:
            began = time.monotonic()
            with copy.with_fault(mutant):
                outcome = copy.test(mutant.tests, not mutant.starts_engine)
            seconds = time.monotonic() - began
            verdicts.append(outcome.verdict)
            by = f" by {outcome.found_by}" if outcome.verdict == "found" else ""
            print(
                f"{mutant.number:3} {outcome.verdict}{by} ({seconds:.0f} s): "
                f"{mutant.promise}",
                flush=True,
            )
            if outcome.verdict == "BROKEN":
                print("\n".join(outcome.output.splitlines()[-40:]), flush=True)
    print(", ".join(f"{verdicts.count(one)} {one}" for one in sorted({*verdicts})))
    return set(verdicts) <= {"found"}


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, help="some mutants; else all")
    parser.add_argument("--check", action="store_true", help="only read the catalogue")
    parser.add_argument("--table", action="store_true", help="write the README's table")
    given = parser.parse_args()
    # An engine that outlived its copy would be nobody's.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    mutants = catalog.read()
    if found := list(catalog.problems(mutants)):
        sys.exit("\n".join(found))
    if given.table:
        catalog.README.write_text(catalog.readme(mutants))
    elif given.check:
        print(f"{len(mutants)} mutants fit the project")
    else:
        numbers = given.numbers or [one.number for one in mutants]
        sys.exit(0 if run([one for one in mutants if one.number in numbers]) else 1)


if __name__ == "__main__":
    main()
