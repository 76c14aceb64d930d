"""Worlds of a few literal rows: what the models make of them, without building a table.

dbt compiles the project once, as for a warehouse in which nothing is built yet. A world
then runs the SQL of a model, and of all that it reads, over its own rows and keeps each
result in memory as a temporary view: to build tables costs some five times as much.
What only builds can show (increments, contracts, snapshots) is tested on builds.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pipeline import apart
from pyspark.sql import DataFrame, SparkSession

from python_jobs import contract, dbt, session
from python_jobs.settings import PROJECT, Settings

Row = tuple[Any, ...]
INGESTED_AT = "timestamp'2026-01-01'"
# To make and compile code for a query costs more than a few rows ever give back.
FOR_A_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}


@dataclass(frozen=True)
class Compiled:
    """What dbt made of the project, each table named as its view is: schema__name.

    Attributes:
        settings: The schemas that it was compiled for; nothing is in them.
        models: The SQL of each model.
        tests: The SQL of each data test that reads no snapshot.
        parents: The tables that each model and test reads, sources and seeds included.
        seeds: For each seed its file and its columns' types.
        time_zone: Where the shop's clock hangs.
    """

    settings: Settings
    models: dict[str, str]
    tests: dict[str, str]
    parents: dict[str, list[str]]
    seeds: dict[str, tuple[str, dict[str, str]]]
    time_zone: str = "UTC"

    def named(self, sql: str) -> str:
        """The SQL with each table named as its view."""
        return re.sub(rf"\b{self.settings.schema_prefix}(\w+)\.(\w+)", r"\1__\2", sql)

    def with_models_of(self, other: Compiled, *names: str) -> Compiled:
        """The same, but these models as they are there."""
        return replace(self, models=self.models | {n: other.models[n] for n in names})


def compiled(settings: Settings, *arguments: str) -> Compiled:
    """Let dbt compile the project for schemas in which nothing is built."""
    own = apart(settings, "nowhere")
    lines: list[str] = []
    code = dbt.run(own, ["compile"], arguments, lines.append)
    assert code == 0, "\n".join(lines[-40:])
    manifest = json.loads((own.dbt_folder / "manifest.json").read_text())
    names = {
        key: f"{node['schema'].removeprefix(own.schema_prefix)}__{node['name']}"
        for key, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in ("model", "seed", "source", "snapshot")
    }
    found = Compiled(own, {}, {}, {}, {})
    for key, node in manifest["nodes"].items():
        kind, reads = node["resource_type"], node["depends_on"].get("nodes", [])
        if kind == "seed":
            types = node["config"]["column_types"]
            found.seeds[names[key]] = (node["original_file_path"], types)
        elif kind in ("model", "test"):
            if any(one.startswith("snapshot.") for one in reads):
                continue
            sql = found.named(node["compiled_code"])
            name = names.get(key, node["name"])
            (found.models if kind == "model" else found.tests)[name] = sql
            found.parents[name] = [names[one] for one in reads]
    return found


class World:
    """Raw rows, and all that the models make of them."""

    def __init__(self, spark: SparkSession, project: Compiled) -> None:
        """Begin without a row.

        Args:
            spark: A session whose temporary views are this world's.
            project: What dbt compiled.
        """
        self.spark = spark
        self.project = project
        self._rows: dict[str, list[str]] = {}
        self._there: dict[str, int] = {}
        self._given: set[str] = set()
        self._batches = 0

    def deliver(self, kind: str, columns: str, rows: str) -> None:
        """Deliver one batch of customers or transactions, written as SQL values.

        Times are by the shop's clock, which the world's project says.
        """
        self._batches += 1
        batch = f"{self._batches} as _batch_id, {INGESTED_AT} as _ingested_at"
        given, names = f"select *, {batch}, 'test' as _source", columns
        if kind == "transactions":
            zone = self.project.time_zone
            given = (
                "select * except (transacted_at), "
                f"to_utc_timestamp(transacted_at, '{zone}') as transacted_at, "
                f"{batch}, 'test' as _source, "
                "transacted_at != date_trunc('day', transacted_at) as _has_time_of_day"
            )
            names += ", _has_time_of_day"
        self._append(
            "raw",
            kind,
            f"{names}, _batch_id, _ingested_at, _source",
            f"({given} from values {rows} as t({columns}))",
        )
        count = f"(select count(*) from values {rows} as t({columns}))"
        self._append(
            "raw",
            "batches",
            "kind, source, content_hash, rows_in, rows_raw, rows_rejected, "
            "rows_not_meant, _batch_id, _ingested_at",
            f"(select '{kind}' as kind, 'test' as source, '{kind}' as content_hash, "
            f"{count} as rows_in, {count} as rows_raw, 0 as rows_rejected, "
            f"0 as rows_not_meant, {batch})",
        )

    def publish(self, table: str, columns: str, *rows: str) -> None:
        """Append rows, written as SQL values, to a table of trainings or fits."""
        values = ", ".join(f"({row})" for row in rows)
        self._append("ml", table, columns, f"values {values} as t({columns})")

    def put(self, table: str, frame: DataFrame) -> None:
        """Let a table (as schema.name) hold these rows, whatever the models say."""
        name = table.replace(".", "__")
        self._forget(name)
        self._given.add(name)
        self._keep(name, frame)

    def save(self, table: str, settings: Settings) -> None:
        """Write what the models make of a table to the table itself."""
        schema, name = table.split(".")
        self._need(f"{schema}__{name}")
        self.spark.sql(f"create schema if not exists {settings.schema(schema)}")
        self.spark.table(f"{schema}__{name}").write.format("delta").saveAsTable(
            f"{settings.schema(schema)}.{name}"
        )

    def rows(self, table: str, columns: str = "*", where: str = "true") -> list[Row]:
        """Rows of a table (as schema.name), in the order of their columns."""
        return self.query(table, f"select {columns}", f"where {where} order by all")

    def query(self, table: str, select: str, rest: str = "") -> list[Row]:
        """What a query over one table gives."""
        name = table.replace(".", "__")
        self._need(name)
        return [
            tuple(r) for r in self.spark.sql(f"{select} from {name} {rest}").collect()
        ]

    def count(self) -> dict[str, int]:
        """The number of rows of each model."""
        for name in self.project.models:
            self._need(name)
        return {
            name.replace("__", ".", 1): self._there[name]
            for name in self.project.models
        }

    def broken(self, source: str | None = None) -> list[str]:
        """The data tests that do not hold: all, or of what is made of one source."""
        tests = self.project.tests
        if source:
            made = self._made_of(source)
            tests = {name: sql for name, sql in tests.items() if name in made}
        found = []
        for test, sql in tests.items():
            for parent in self.project.parents[test]:
                self._need(parent)
            if self.spark.sql(sql).limit(1).collect():
                found.append(test)
        return found

    def _append(self, schema: str, table: str, columns: str, rows: str) -> None:
        """Add rows to a source, and forget what was made of it."""
        types = contract.columns(schema, table)
        given = {column.strip() for column in columns.split(",")}
        assert given <= types.keys()
        selected = ", ".join(
            f"cast({name if name in given else 'null'} as {kind}) as {name}"
            for name, kind in types.items()
        )
        name = f"{schema}__{table}"
        self._forget(name)
        self._rows.setdefault(name, []).append(f"select {selected} from {rows}")

    def _made_of(self, source: str) -> set[str]:
        """The models and tests that read a table, at whatever distance."""
        found = {source.replace(".", "__")}
        while (
            new := {
                name
                for name, parents in self.project.parents.items()
                if not found.isdisjoint(parents)
            }
            - found
        ):
            found |= new
        return found

    def _forget(self, changed: str) -> None:
        self._there.pop(changed, None)
        for name, parents in self.project.parents.items():
            if changed in parents and name in self._there.keys() - self._given:
                self._forget(name)

    def _need(self, name: str) -> None:
        """Make a table and all that it is made of, unless it is there."""
        if name in self._there:
            return
        if name in self.project.models:
            for parent in self.project.parents[name]:
                self._need(parent)
            self._keep(name, self.spark.sql(self.project.models[name]))
        elif name in self.project.seeds:
            self._keep(name, self.spark.sql(self._seed(name)))
        elif name in self._rows:
            self._keep(name, self.spark.sql(" union all ".join(self._rows[name])))
        else:
            types = contract.columns(*name.split("__", 1))
            nulls = ", ".join(f"cast(null as {t}) as {c}" for c, t in types.items())
            self._keep(name, self.spark.sql(f"select {nulls} where false"))

    def _keep(self, name: str, frame: DataFrame) -> None:
        rows = frame.toArrow()
        kept = self.spark.createDataFrame(rows, schema=frame.schema)
        kept.createOrReplaceTempView(name)
        self._there[name] = rows.num_rows

    def _seed(self, name: str) -> str:
        """A seed's file as a query; an empty cell is NULL, as dbt loads it."""
        path, types = self.project.seeds[name]
        with (PROJECT / path).open(newline="") as file:
            header, *lines = csv.reader(file)
        values = ", ".join(
            "(" + ", ".join(_literal(cell) for cell in line) + ")" for line in lines
        )
        columns = ", ".join(
            f"cast({column} as {types.get(column, 'string')}) as {column}"
            for column in header
        )
        return f"select {columns} from values {values} as t({', '.join(header)})"


@contextmanager
def world(project: Compiled) -> Iterator[World]:
    """A world without a row, for as long as its session is open."""
    with session.connect(project.settings) as spark:
        for name, value in FOR_A_FEW_ROWS.items():
            spark.conf.set(name, value)
        yield World(spark, project)


def _literal(cell: str) -> str:
    text = cell.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'" if cell else "null"
