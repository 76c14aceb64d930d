"""The tables that dbt reads but does not build: their columns, and their creation.

The column lists live in one place, the dbt source files; a dbt run creates missing
tables from the same lists.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from python_jobs.settings import PROJECT, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SOURCE_FILES = (
    PROJECT / "models" / "staging" / "_sources.yml",
    PROJECT / "models" / "staging" / "ml" / "_sources.yml",
)


@cache
def columns(schema: str, table: str) -> dict[str, str]:
    """The Spark type of each column of a source table, in order."""
    return {column["name"]: column["data_type"] for column in _table(schema, table)}


def create_missing(spark: SparkSession, settings: Settings, schema: str) -> None:
    """Create the tables of one source schema that are not there yet."""
    name = settings.schema(schema)
    spark.sql(f"create schema if not exists {name}")
    there = {row.tableName for row in spark.sql(f"show tables in {name}").collect()}
    for table in sorted(_tables()[schema].keys() - there):
        definition = ", ".join(_definition(column) for column in _table(schema, table))
        spark.sql(
            f"create table if not exists {name}.{table} ({definition}) using delta"
        )


def _definition(column: dict[str, Any]) -> str:
    required = {"type": "not_null"} in column.get("constraints", [])
    return f"{column['name']} {column['data_type']}{' not null' if required else ''}"


def _table(schema: str, table: str) -> list[dict[str, Any]]:
    return _tables()[schema][table]


@cache
def _tables() -> dict[str, dict[str, list[dict[str, Any]]]]:
    return {
        source["name"]: {table["name"]: table["columns"] for table in source["tables"]}
        for file in SOURCE_FILES
        if file.exists()
        for source in yaml.safe_load(file.read_text())["sources"]
    }
