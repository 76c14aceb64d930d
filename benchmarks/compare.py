"""Whether two engines built the same tables, row by row and column by column.

Run: `.venv/bin/python -m benchmarks.compare FOLDER DATABASE`, where FOLDER holds what
Spark built, as Parquet in one folder for each schema and table, and DATABASE is the
DuckDB file that holds the same tables. Rows are matched by the key that the model's
`grain` test states. Floats may differ by 1e-9, relative or absolute; so may what is
inside arrays and maps, and sums of doubles that Spark keeps as decimals of twelve or
more digits. All else must be the same.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import yaml

ROOT = Path(__file__).parents[1]
SCHEMAS = ("marts", "personas", "insights")
TOLERANCE = 1e-9
NUMBER = r"-?\d+(\.\d+)?(e[-+]?\d+)?"


@dataclass(frozen=True)
class Verdict:
    """How a table of Spark's compares with DuckDB's."""

    table: str
    spark_rows: int = 0
    duckdb_rows: int = 0
    only_in_spark: int = 0
    only_in_duckdb: int = 0
    # How many matched rows differ, for each column in which any does.
    differing: dict[str, int] = field(default_factory=dict)
    # Names, order or types of columns that are not the same, or a table that is missing.
    shape: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether the tables are the same."""
        return (
            not self.shape
            and not self.differing
            and not self.only_in_spark + self.only_in_duckdb
            and self.spark_rows == self.duckdb_rows
        )

    def __str__(self) -> str:
        """One line, with what differs."""
        if self.is_equal:
            return f"equal    {self.table}: {self.spark_rows:,} rows"
        counts = (
            f"{self.spark_rows:,} rows by Spark, {self.duckdb_rows:,} by DuckDB, "
            f"{self.only_in_spark:,} and {self.only_in_duckdb:,} on that side only"
        )
        columns = ", ".join(f"{name} ({rows:,})" for name, rows in self.differing.items())
        return "; ".join(
            part for part in (f"DIFFERS  {self.table}: {counts}", columns, self.shape) if part
        )


def grains() -> dict[str, list[str]]:
    """The columns of each model's key, from its `grain` test."""
    keys: dict[str, list[str]] = {}
    for path in (ROOT / "models").rglob("_*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            for test in model.get("data_tests", []):
                if isinstance(test, dict) and "grain" in test:
                    keys.setdefault(model["name"], test["grain"]["arguments"]["columns"])
    return keys


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """Name and type of each column, timestamps with and without a zone being one."""
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    return {name: kind.replace(" WITH TIME ZONE", "") for name, kind, *_ in rows}


def differs(column: str, kind: str) -> str:
    """SQL that is true where the two values of a column are not the same."""
    left, right = f'spark."{column}"', f'built."{column}"'
    if kind.startswith("MAP"):
        left, right = (f"list_sort(map_entries({side}))" for side in (left, right))
    if kind.endswith(("[]", ")")) and not kind.startswith("DECIMAL"):
        # The words must be the same, and the numbers between them nearly.
        text = [f"cast({side} as varchar)" for side in (left, right)]
        words = [f"regexp_replace({side}, '{NUMBER}', '#', 'g')" for side in text]
        numbers = [
            f"cast(regexp_extract_all({side}, '{NUMBER}') as double[])" for side in text
        ]
        pairs = f"list_zip({numbers[0]}, {numbers[1]})"
        apart = far("pair[1]", "pair[2]")
        return (
            f"({words[0]} is distinct from {words[1]} or coalesce(list_bool_or("
            f"list_transform({pairs}, lambda pair: {apart})), false))"
        )
    if is_inexact(kind):
        return f"(({left} is null) != ({right} is null) or coalesce({far(left, right)}, false))"
    return f"{left} is distinct from {right}"


def far(left: str, right: str) -> str:
    """SQL that is true where two numbers are further apart than the tolerance."""
    return (
        f"abs(cast({left} as double) - cast({right} as double)) > {TOLERANCE} * "
        f"greatest(1, abs(cast({left} as double)), abs(cast({right} as double)))"
    )


def is_inexact(kind: str) -> bool:
    """Whether a type holds doubles, or sums of them."""
    scale = kind.rstrip(")").split(",")[-1] if kind.startswith("DECIMAL") else "0"
    return kind in ("DOUBLE", "FLOAT") or int(scale) >= 12


def same_key(column: str, kind: str) -> str:
    """SQL that is true where two rows have the same key, doubles to nine digits."""
    sides = (f'{side}."{column}"' for side in ("spark", "built"))
    if is_inexact(kind):
        sides = (f"format('{{:.8e}}', {side})" for side in sides)
    return " is not distinct from ".join(sides)


def compare(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, key: list[str]
) -> Verdict:
    """Compare one table, given the key of its rows."""
    files = f"read_parquet('{folder.joinpath(*table.split('.'))}/*.parquet')"
    try:
        built = columns_of(connection, table)
    except duckdb.CatalogException:
        return Verdict(table, shape="DuckDB has no such table")
    columns = columns_of(connection, files)
    if list(built) != list(columns):
        return Verdict(table, shape=f"columns {list(columns)} against {list(built)}")
    types = [
        f"{name} is {kind} against {built[name]}"
        for name, kind in columns.items()
        if kind != built[name]
    ]
    found = connection.execute(
        f"""
        select
            (select count(*) from {files}),
            (select count(*) from {table}),
            count(*) filter (built.is_there is null),
            count(*) filter (spark.is_there is null),
            {", ".join(
                "count(*) filter (spark.is_there and built.is_there and "
                f"{differs(name, kind)})" for name, kind in columns.items()
            )}
        from (select *, true as is_there from {files}) as spark
        full join (select *, true as is_there from {table}) as built
            on {" and ".join(same_key(name, columns[name]) for name in key)}
        """
    ).fetchone()
    differing = {name: rows for name, rows in zip(columns, found[4:], strict=True) if rows}
    return Verdict(table, *found[:4], differing, "; ".join(types))


def compare_all(folder: Path, database: Path) -> list[Verdict]:
    """Compare all tables that Spark built."""
    keys = grains()
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return [
            compare(connection, folder, f"{schema}.{path.name}", keys[path.name])
            for schema in SCHEMAS
            for path in sorted((folder / schema).iterdir())
        ]


def main() -> None:
    """Print a line for each table; fail if any differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("database", type=Path)
    arguments = parser.parse_args()
    verdicts = compare_all(arguments.folder, arguments.database)
    print(*verdicts, sep="\n")
    sys.exit(not verdicts or not all(verdict.is_equal for verdict in verdicts))


if __name__ == "__main__":
    main()
