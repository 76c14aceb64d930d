"""Appending a run to the schema `ml`: one append per table, the run's own row last."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from python_jobs import contract
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


class Run:
    """One run of a job: each table gets one append that carries its run_id."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        """Begin a run."""
        self.spark = spark
        self.settings = settings
        # Sorts by time; the tail keeps apart two clients of one cluster.
        now = datetime.now(UTC)
        self.run_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append a few rows that the client made."""
        columns = contract.columns("ml", table)
        values = [
            tuple({"run_id": self.run_id, **row}[name] for name in columns)
            for row in rows
        ]
        schema = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._write(table, self.spark.createDataFrame(values, schema).coalesce(1))

    def append_frame(self, table: str, rows: DataFrame) -> None:
        """Append rows that have all columns but run_id."""
        named = rows.withColumn("run_id", F.lit(self.run_id))
        self._write(table, named.select(*contract.columns("ml", table)))

    def table(self, table: str) -> DataFrame:
        """A table of the schema, with the rows of all runs."""
        return self.spark.table(self._name(table))

    def _write(self, table: str, rows: DataFrame) -> None:
        rows.write.format("delta").mode("append").saveAsTable(self._name(table))

    def _name(self, table: str) -> str:
        return f"{self.settings.schema('ml')}.{table}"
