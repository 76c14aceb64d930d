"""Whether two engines built the same tables, row by row and column by column.

Run: `.venv/bin/python -m benchmarks.compare FOLDER DATABASE`, where FOLDER holds what
Spark built, as Parquet in a folder for each schema and table, and DATABASE is a DuckDB
file with the same tables. Rows are matched by the `grain` in the model's tests.
Floats may differ by 1e-9, relative or absolute, also those in arrays and maps and those
that Spark sums up as decimals of twelve digits. All else must be the same.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import duckdb
import yaml

MODELS = Path(__file__).parents[1] / "models"
SCHEMAS = ("marts", "personas", "insights")
INEXACT = ("DOUBLE", "FLOAT", "DECIMAL(,12)")
NUMBER = r"-?\d+(\.\d+)?(e[-+]?\d+)?"


def grains() -> dict[str, list[str]]:
    """The columns of each model's key, the `grain` in its tests."""
    return {
        model["name"]: test["rows_satisfy"]["arguments"]["grain"]
        for path in MODELS.rglob("_*.yml")
        for model in yaml.safe_load(path.read_text()).get("models", [])
        for test in model.get("data_tests", [])
        if "grain" in test["rows_satisfy"]["arguments"]
    }


def same_key(column: str, kind: str) -> str:
    """SQL that is true where two rows have the same key, doubles to nine digits."""
    sides = [f'spark."{column}"', f'built."{column}"']
    if kind in INEXACT:
        sides = [f"format('{{:.8e}}', {side})" for side in sides]
    return " = ".join(sides)


def far(left: str, right: str) -> str:
    """SQL that is true where two numbers are too far apart."""
    left, right = f"cast({left} as double)", f"cast({right} as double)"
    return f"(abs({left} - {right}) > 1e-9 * greatest(1, abs({left}), abs({right})))"


def differs(column: str, kind: str) -> str:
    """SQL that is true where the two values of a column are not the same."""
    sides = [f'spark."{column}"', f'built."{column}"']
    different = " is distinct from ".join(sides)
    if kind in INEXACT:
        return f"coalesce({far(*sides)}, {different})"
    if kind.startswith("MAP"):
        sides = [f"list_sort(map_entries({side}))" for side in sides]
    elif not kind.endswith("[]"):
        return different
    # The words must be the same, and the numbers between them nearly.
    sides = [f"cast({side} as varchar)" for side in sides]
    words = [f"regexp_replace({side}, '{NUMBER}', '#', 'g')" for side in sides]
    numbers = [f"regexp_extract_all({side}, '{NUMBER}')" for side in sides]
    pairs = f"list_zip({', '.join(numbers)})"
    return (
        f"({' is distinct from '.join(words)} or coalesce(list_bool_or(list_transform("
        f"{pairs}, lambda pair: {far('pair[1]', 'pair[2]')})), false))"
    )


def differences(
    database: duckdb.DuckDBPyConnection, spark: str, table: str, key: list[str]
) -> tuple[int, list[str]]:
    """How many rows Spark built, and what is not the same, given the key of a row."""
    shapes = []
    for relation in (spark, table):
        try:
            described = database.execute(f"describe from {relation}").fetchall()
        except duckdb.CatalogException as error:
            return 0, [str(error).splitlines()[0]]
        # Spark writes all its timestamps with a zone, and may sum to wider decimals.
        shapes.append(
            [
                f"{name} {re.sub(' WITH TIME ZONE|[0-9]+(?=,)', '', kind)}"
                for name, kind, *_ in described
            ]
        )
    if shapes[0] != shapes[1]:
        changed = sorted(set(shapes[0]) ^ set(shapes[1])) or "their order"
        return 0, [f"columns differ in {changed}"]
    columns = dict(shape.split(" ", 1) for shape in shapes[0])
    keys = " and ".join(same_key(name, columns[name]) for name in key)
    counts = (
        f"count(*) filter (spark.here and built.here and {differs(name, kind)})"
        for name, kind in columns.items()
    )
    spark_rows, built_rows, only_in_spark, only_in_built, *in_columns = (
        database.execute(
            f"""
            select
                (select count(*) from {spark}),
                (select count(*) from {table}),
                count(*) filter (built.here is null),
                count(*) filter (spark.here is null),
                {", ".join(counts)}
            from (select *, true as here from {spark}) as spark
            full join (select *, true as here from {table}) as built on {keys}
            """
        ).fetchone()
    )
    found = {
        f"{spark_rows:,} rows against {built_rows:,}": spark_rows - built_rows,
        f"{only_in_spark:,} rows by Spark only": only_in_spark,
        f"{only_in_built:,} rows by DuckDB only": only_in_built,
        **{
            f"{rows:,} rows differ in {name}": rows
            for name, rows in zip(columns, in_columns, strict=True)
        },
    }
    return spark_rows, [what for what, rows in found.items() if rows]


def compare(folder: Path, database: Path) -> dict[str, tuple[int, list[str]]]:
    """Rows and differences of each table that Spark built."""
    keys = grains()
    with duckdb.connect(database, read_only=True) as built:
        built.execute("set TimeZone = 'UTC'")
        return {
            f"{schema}.{path.name}": differences(
                built,
                f"read_parquet('{path}/*.parquet')",
                # In full: the database may have the name of a schema.
                f'"{database.stem}".{schema}.{path.name}',
                keys[path.name],
            )
            for schema in SCHEMAS
            for path in sorted((folder / schema).iterdir())
        }


def main() -> None:
    """Print a line for each table; fail if any differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("database", type=Path)
    tables = compare(**vars(parser.parse_args()))
    for table, (rows, found) in tables.items():
        print(f"{table}: {'; '.join(found) or f'equal, {rows:,} rows'}")
    sys.exit(not tables or any(found for _, found in tables.values()))


if __name__ == "__main__":
    main()
