"""Analysts' SQL on the command line: a statement's rows on stdout, or a shell."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
import sys
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TextIO

from rich.console import Console
from rich.table import Table

from python_jobs import java, session
from python_jobs.console import console
from python_jobs.settings import Settings

TABLE_ROWS = 1000
# Where nobody watches, lines are as long as they need to be.
PIPE_WIDTH = 100_000

Rows = Iterator[tuple[Any, ...]]


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class FileFormat(StrEnum):
    """What a file holds."""

    CSV = "csv"
    PARQUET = "parquet"


def run(
    settings: Settings, statement: str, form: Format, output: TextIO = sys.stdout
) -> None:
    """Run one statement and write its rows; nothing for one that has no columns.

    Raises:
        UserError: The engine is down or refuses the statement.
    """
    statement = statement.strip().rstrip(";")
    with session.rows(settings, statement) as (columns, rows):
        # The server gives a statement that has no rows this one column.
        first = next(rows, None)
        if columns and (first or columns != ["Result"]):
            rows = itertools.chain([first] if first else [], rows)
            {
                Format.TABLE: write_table,
                Format.CSV: write_csv,
                Format.JSON: write_json,
            }[form](columns, rows, output)


def shell(settings: Settings) -> NoReturn:
    """Become Spark's own SQL shell, beeline; what is typed there is kept in the home.

    Not a child process: Ctrl-C, which cancels a statement there, would end this one.
    """
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [
        *(str(java.executable()), "-cp", f"{java.spark_home()}/jars/*"),
        # Its folder .beeline, with the history, is made there: no option says where.
        *(f"-Duser.home={settings.home}", "-Xmx512m"),
        "org.apache.hive.beeline.BeeLine",
        *("-u", settings.jdbc_url, "-n", os.environ.get("USER") or "analyst"),
        # Rows are shown as they come, so that no result is too large for it.
        "--incremental=true",
    ]
    # Statements name customers: the history is for its owner only.
    os.umask(0o077)
    os.execve(command[0], command, java.spark_environment())


def write_csv(columns: list[str], rows: Rows, output: TextIO) -> None:
    """Write a header line and the rows; NULL is an empty field."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(value) for value in row] for row in rows)


def write_json(columns: list[str], rows: Rows, output: TextIO) -> None:
    """Write an array of objects, one a line; decimals are numbers, digit for digit."""
    names = [json.dumps(name, ensure_ascii=False) for name in columns]
    separator = "[\n"
    for row in rows:
        fields = (
            f"{name}: {_json(value)}" for name, value in zip(names, row, strict=True)
        )
        output.write(f"{separator}{{{', '.join(fields)}}}")
        separator = ",\n"
    output.write("[]\n" if separator == "[\n" else "\n]\n")


def write_table(columns: list[str], rows: Rows, output: TextIO) -> None:
    """Draw a table for a person, of a thousand rows at most."""
    table = Table(*columns)
    shown = list(itertools.islice(rows, TABLE_ROWS))
    for index, column in enumerate(table.columns):
        column.overflow = "fold"
        if any(isinstance(row[index], int | float | Decimal) for row in shown):
            column.justify = "right"
    for row in shown:
        table.add_row(*("NULL" if value is None else _text(value) for value in row))
    # Brackets and colons in the data are data.
    out = Console(
        file=output,
        markup=False,
        emoji=False,
        width=None if output.isatty() else PIPE_WIDTH,
    )
    out.print(table)
    if next(rows, None) is not None:
        console.print(
            f"The first {TABLE_ROWS} rows; `--format csv` or `json` writes all."
        )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        # Not str(): 0.0000000 would be 0E-7.
        return f"{value:f}"
    return str(value)


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        # JSON has no such number; Spark's to_json writes it so as well.
        return json.dumps(
            {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        )
    return json.dumps(value, ensure_ascii=False, default=str)
