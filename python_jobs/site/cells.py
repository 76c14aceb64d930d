"""The answers of queries, each value of which knows where it comes from.

A number on the page carries its query, row and column, so that whoever doubts it can
ask the engine for the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUERIES = Path(__file__).parent / "queries"
MODEL = re.compile(r"\b(marts|personas|insights)\.(\w+)")


@dataclass(frozen=True)
class Cell:
    """A value with its origin; `is_known` where it is not NULL."""

    value: Any
    query: str
    row: int
    column: str

    @property
    def is_known(self) -> bool:
        """Whether it is not NULL."""
        return self.value is not None

    def __bool__(self) -> bool:
        """Whether it is neither NULL nor 0, false or empty."""
        return bool(self.value)


class Row:
    """A row whose columns are attributes."""

    def __init__(self, cells: dict[str, Cell]) -> None:
        """Hold the cells."""
        self.cells = cells

    def __getattr__(self, column: str) -> Cell:
        """The cell of a column; a name that is none is an error, never a blank."""
        try:
            return self.cells[column]
        except KeyError as error:
            raise AttributeError(column) from error

    def __getitem__(self, column: str) -> Cell:
        """The same, for a name that is a variable."""
        return self.cells[column]


@dataclass(frozen=True)
class Answer:
    """The rows of a query.

    Attributes:
        name: The query's file without its ending.
        sql: What was asked, as anybody can ask it again.
        columns: The names of the columns.
        rows: The rows.
        values: The rows as plain values.
    """

    name: str
    sql: str
    columns: list[str]
    rows: list[Row]
    values: list[dict[str, Any]]

    def __iter__(self) -> Iterator[Row]:
        """The rows in the query's order."""
        return iter(self.rows)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def first(self) -> Row:
        """The first row."""
        return self.rows[0]

    @property
    def last(self) -> Row:
        """The last row."""
        return self.rows[-1]

    def where(self, **wanted: Any) -> list[Row]:
        """The rows in which these columns hold these values."""
        return [
            row
            for row in self.rows
            if all(row[column].value == value for column, value in wanted.items())
        ]


class Questions:
    """The queries by their names; each is asked once, when first needed.

    Attributes:
        models: The models that were read since the last `forget`, as (schema, name).
    """

    def __init__(
        self,
        ask: Callable[[str], tuple[list[str], list[tuple[Any, ...]]]],
        schema: Callable[[str], str],
    ) -> None:
        """Ask later.

        Args:
            ask: Runs a query.
            schema: The name of a layer's schema.
        """
        self._ask = ask
        self._schema = schema
        self._answers: dict[str, Answer] = {}
        self.models: dict[tuple[str, str], None] = {}

    def __getattr__(self, name: str) -> Answer:
        """The answer to the query of that name."""
        if name not in self._answers:
            self._answers[name] = self._answer(name)
        written = (QUERIES / f"{name}.sql").read_text()
        self.models |= dict.fromkeys(MODEL.findall(written))
        return self._answers[name]

    def forget_models(self) -> None:
        """Begin a new list of models."""
        self.models = {}

    def _answer(self, name: str) -> Answer:
        written = (QUERIES / f"{name}.sql").read_text()
        sql = MODEL.sub(lambda found: f"{self._schema(found[1])}.{found[2]}", written)
        columns, found = self._ask(sql)
        rows = [
            Row(
                {
                    column: Cell(value, name, number, column)
                    for column, value in zip(columns, row, strict=True)
                }
            )
            for number, row in enumerate(found)
        ]
        values = [dict(zip(columns, row, strict=True)) for row in found]
        return Answer(name, sql, columns, rows, values)
