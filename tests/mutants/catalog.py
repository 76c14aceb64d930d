"""The catalogue of faults: `mutants.toml`, read and held against the project.

A mutant that no longer fits says nothing: the text that it replaces must stand exactly
once in its file, and the tests that it names must be there.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
CATALOG = HERE / "mutants.toml"
README = HERE / "README.md"
HEADER = "| number | what is promised | what is broken | what finds it |"
# What an engine is started with: one that runs already would not show the fault.
STARTS_ENGINE = (
    *("python_jobs/engine.py", "python_jobs/java.py", "python_jobs/launch.py"),
    "profiles/",
)


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        number: Its place in the catalogue.
        promise: What the project promises, and with the fault does not hold.
        file: The file that is changed.
        old: Text that stands once in it.
        new: What stands there instead.
        tests: The ids of the tests that see it.
    """

    number: int
    promise: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def starts_engine(self) -> bool:
        """Whether only an engine that is started afresh has the fault."""
        return self.file.startswith(STARTS_ENGINE)


def read() -> list[Mutant]:
    """All mutants of the catalogue."""
    content = tomllib.loads(CATALOG.read_text())
    return [
        Mutant(number, **entry | {"tests": tuple(entry["tests"])})
        for number, entry in enumerate(content["mutant"], start=1)
    ]


def problems(mutants: list[Mutant]) -> Iterator[str]:
    """Why mutants do not fit the project."""
    for mutant in mutants:
        count = (PROJECT / mutant.file).read_text().count(mutant.old)
        if count != 1:
            yield f"{mutant.number}: {mutant.old!r} stands {count} times in its file"
        if mutant.old == mutant.new:
            yield f"{mutant.number}: nothing is changed"
        if not mutant.tests:
            yield f"{mutant.number}: no test is named"
        for test in mutant.tests:
            file, _, name = test.partition("::")
            if name.partition("[")[0] not in _functions(file):
                yield f"{mutant.number}: there is no test {test}"


def table(mutants: list[Mutant]) -> str:
    """The catalogue as a table for people."""
    lines = [HEADER, "|---|---|---|---|"]
    for mutant in mutants:
        tests = "<br>".join(f"`{test.partition('::')[2]}`" for test in mutant.tests)
        where = f"`{mutant.file}`: {_code(mutant.old)} becomes {_code(mutant.new)}"
        lines.append(f"| {mutant.number} | {mutant.promise} | {where} | {tests} |")
    return "\n".join(lines) + "\n"


def readme(mutants: list[Mutant]) -> str:
    """The README with the table of these mutants."""
    return README.read_text().partition(HEADER)[0] + table(mutants)


def _code(text: str) -> str:
    """A text as code in a cell of a table."""
    shown = " ".join(text.split()).replace("|", r"\|")
    # dbt reads this file too, and braces would be Jinja.
    for jinja in ("{{", "}}", "{%", "%}"):
        shown = shown.replace(jinja, " ".join(jinja))
    return f"`{shown}`" if shown else "nothing"


@cache
def _functions(file: str) -> set[str]:
    path = PROJECT / file
    if not path.exists():
        return set()
    body = ast.parse(path.read_text()).body
    return {one.name for one in body if isinstance(one, ast.FunctionDef)}
