"""One table as one file: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import difflib
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from python_jobs import session, sql
from python_jobs.errors import UserError
from python_jobs.settings import Settings
from python_jobs.sql import FileFormat

if TYPE_CHECKING:
    import pyarrow as pa

# Where a name alone is looked for, in this order.
SCHEMAS = (
    *("marts", "personas", "insights", "snapshots", "ml", "staging"),
    *("intermediate", "seeds", "raw"),
)
BATCH_ROWS = 50_000
# Spreadsheets take what begins so for a formula.
FORMULA_STARTS = tuple("=+-@\t\r\n")
# The type of a Parquet column by the name that Spark gives it; a decimal has its own.
ARROW_TYPES = {
    **{"boolean": "bool", "tinyint": "int8", "smallint": "int16", "int": "int32"},
    **{"bigint": "int64", "float": "float32", "double": "float64"},
    **{"date": "date32", "binary": "binary"},
}

Rows = Iterator[tuple[Any, ...]]


@dataclass(frozen=True)
class Column:
    """A column of a table: its name and Spark's name of its type."""

    name: str
    kind: str

    @property
    def selected(self) -> str:
        """The column as text where the client has no type for it."""
        name = f"`{self.name.replace('`', '``')}`"
        if self.kind.startswith(("array<", "map<", "struct<")):
            return f"to_json({name}) as {name}"
        if self.kind.startswith(("interval", "variant", "timestamp_ntz")):
            return f"cast({name} as string) as {name}"
        return name


class _Counted:
    """Rows on their way through, and how many they were."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.count = 0

    def __iter__(self) -> Rows:
        for row in self.rows:
            self.count += 1
            yield row


def export(
    settings: Settings,
    model: str,
    form: FileFormat | None = None,
    output: Path | None = None,
    force: bool = False,
) -> tuple[int, Path]:
    """Write all rows of a model to a file, which is there whole or not at all.

    Args:
        settings: The engine to ask.
        model: A model's name, or schema.table.
        form: What to write; by default what the file's name ends in, else CSV.
        output: The file; by default the model's name in the current folder.
        force: Replace a file that is there.

    Returns:
        The number of rows, and the file.

    Raises:
        UserError: There is no such model, the file is there or cannot be written.
    """
    suffix = output.suffix[1:].lower() if output else ""
    form = form or (
        FileFormat(suffix) if suffix in list(FileFormat) else FileFormat.CSV
    )
    output = output or Path(f"{model.rpartition('.')[2]}.{form}")
    if output.is_dir():
        raise UserError(f"{output} is a folder: name a file with --output")
    if output.exists() and not force:
        raise UserError(f"{output} exists: --force replaces it, --output names another")
    table = _find(settings, model)
    columns = _columns(settings, table)
    selected = ", ".join(column.selected for column in columns)
    try:
        with (
            _whole(output) as partial,
            session.rows(settings, f"select {selected} from {table}") as (_, rows),
        ):
            counted = _Counted(rows)
            write = {FileFormat.CSV: write_csv, FileFormat.PARQUET: write_parquet}[form]
            write(columns, iter(counted), partial)
    except OSError as error:
        raise UserError(f"{output} cannot be written: {error.strerror}") from error
    return counted.count, output


def write_csv(columns: list[Column], rows: Rows, path: Path) -> None:
    """Write what Excel opens by a double click.

    Text that would be a formula gets an apostrophe in front.
    """
    # Without the mark at the start Excel takes UTF-8 for the machine's old encoding.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        names = [column.name for column in columns]
        sql.write_csv(names, (_harmless(row) for row in rows), file)


def write_parquet(columns: list[Column], rows: Rows, path: Path) -> None:
    """Write typed columns, with the values as they are."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(column.name, _arrow_type(column.kind)) for column in columns])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while piece := list(itertools.islice(rows, BATCH_ROWS)):
            arrays = [
                _arrow_array(list(values), field.type)
                for values, field in zip(zip(*piece, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _find(settings: Settings, model: str) -> str:
    """The model's table, as SQL names it."""
    schema, _, name = model.lower().rpartition(".")
    own = schema.removeprefix(settings.schema_prefix)
    tables = _tables(settings, [own] if own else list(SCHEMAS))
    if name in tables:
        return tables[name]
    if near := difflib.get_close_matches(name, tables):
        raise UserError(f"there is no model {model}: did you mean {' or '.join(near)}?")
    raise UserError(
        f'there is no model {model}: `behavior sql "show tables in '
        f'{settings.schema(own or "marts")}"` lists what there is'
    )


def _tables(settings: Settings, schemas: list[str]) -> dict[str, str]:
    """The tables of these schemas: what SQL calls each, by the name alone."""
    listed = {row[0] for row in session.query(settings, "show schemas")[1]}
    found: dict[str, str] = {}
    for schema in map(settings.schema, schemas):
        if schema in listed:
            for row in session.query(settings, f"show tables in `{schema}`")[1]:
                found.setdefault(row[1], f"`{schema}`.`{row[1]}`")
    return found


def _columns(settings: Settings, table: str) -> list[Column]:
    described = session.query(settings, f"describe {table}")[1]
    # After the columns come an empty line or a title, and the partitions.
    return [
        Column(name, kind)
        for name, kind, _ in itertools.takewhile(
            lambda row: row[0] and not row[0].startswith("#"), described
        )
    ]


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """A file beside the output that takes its name at the end, or goes."""
    # Of its own name, where two write at once.
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        yield partial
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)


def _harmless(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        f"'{value}"
        if isinstance(value, str) and value.startswith(FORMULA_STARTS)
        else value
        for value in row
    )


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind == "timestamp":
        return pa.timestamp("us", tz="UTC")
    if kind.startswith("decimal("):
        precision, scale = kind.removeprefix("decimal(").rstrip(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return pa.type_for_alias(ARROW_TYPES.get(kind, "string"))


def _arrow_array(values: list[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    # Dates come as text.
    if pa.types.is_date(kind):
        return pa.array(values, pa.string()).cast(kind)
    return pa.array(values, kind)
