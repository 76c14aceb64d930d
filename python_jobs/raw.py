"""Deliveries into the raw tables: one at a time, numbered in order, visible at once.

A delivery appends its rows first and lists its batches last, in one commit. Readers
take only listed batches, so one that dies half-way leaves nothing that counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from python_jobs import contract, locks
from python_jobs.errors import UserError
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


# By which the newest batch wins.
KEYS = {"transactions": "transaction_id", "customers": "customer_id"}


@dataclass(frozen=True)
class Batch:
    """One published batch: what `raw.batches` says of it."""

    batch_id: int
    kind: str
    source: str
    content_hash: str
    rows_in: int
    rows_raw: int
    rows_rejected: int
    rows_not_meant: int
    ingested_at: datetime


@dataclass
class Delivery:
    """An open delivery: append to it; it is published when its `with` block ends."""

    spark: SparkSession
    settings: Settings
    next_batch_id: int
    batches: list[Batch] = field(default_factory=list)

    def batch_of(self, content_hash: str) -> int | None:
        """The newest published batch with this content, None where there is none."""
        from pyspark.sql import functions as F

        found = (
            self._table("batches")
            .where(F.col("content_hash") == content_hash)
            .agg(F.max("_batch_id"))
            .collect()
        )
        return found[0][0]

    def has_batches(self, kind: str) -> bool:
        """Whether anything of this kind is published."""
        return not self._table("batches").where(f"kind = '{kind}'").isEmpty()

    def has_last_word(self, kind: str, batch_id: int) -> bool:
        """Whether no later batch says otherwise of a row of this one."""
        from pyspark.sql import functions as F

        key = KEYS[kind]
        content = [
            name for name in contract.columns("raw", kind) if not name.startswith("_")
        ]
        rows = self._table(kind).select(
            # As JSON, because a hash of columns passes over NULLs.
            *(key, "_batch_id"),
            F.xxhash64(F.to_json(F.struct(*content))).alias("content"),
        )
        own = rows.where(F.col("_batch_id") == batch_id).select(key, "content")
        later = (
            rows.where(F.col("_batch_id") > batch_id)
            .join(self._table("batches").select("_batch_id"), "_batch_id", "left_semi")
            .select(key, F.col("content").alias("other"))
        )
        return own.join(later, key).where("content <> other").isEmpty()

    def append(
        self,
        kind: str,
        rows: DataFrame,
        *,
        source: str,
        content_hash: str,
        ingested_at: datetime,
        rejects: DataFrame | None = None,
        rows_in: int | None = None,
        rows_not_meant: int = 0,
    ) -> Batch:
        """Append one batch to `raw.<kind>`, and its rejected rows to `raw.rejects`.

        Args:
            kind: The table, customers or transactions.
            rows: The contract's columns of that table, without the batch columns.
            source: Where the rows come from, as a person would name it.
            content_hash: Fingerprint of the input.
            ingested_at: When the rows are delivered, with its time zone.
            rejects: row_number, row_text and reason of the rows that did not parse.
            rows_in: Rows of the input, counted apart from the rows written.
            rows_not_meant: How many of them are not about this table.

        Raises:
            UserError: Rows in are not rows raw, rejected and not meant.
        """
        batch_id = self.next_batch_id
        self.next_batch_id += 1
        rows_raw = self._write(kind, rows, batch_id, source, ingested_at)
        rows_rejected = 0
        # Where every row was loaded there is none to reject: save reading it all again.
        if rejects is not None and rows_raw + rows_not_meant != rows_in:
            rows_rejected = self._write(
                "rejects", rejects, batch_id, source, ingested_at
            )
        if rows_in is None:
            rows_in = rows_raw + rows_rejected
        if rows_in != rows_raw + rows_rejected + rows_not_meant:
            also = f" and {rows_not_meant} not meant" if rows_not_meant else ""
            raise UserError(
                f"{source}: {rows_in} rows in, but {rows_raw} loaded and "
                f"{rows_rejected} rejected{also}; did the file change while it was "
                "read? Nothing was published: load it again"
            )
        batch = Batch(
            batch_id,
            kind,
            source,
            content_hash,
            rows_in,
            rows_raw,
            rows_rejected,
            rows_not_meant,
            ingested_at,
        )
        self.batches.append(batch)
        return batch

    def publish(self) -> None:
        """List the batches of this delivery, all in one commit."""
        if not self.batches:
            return
        from pyspark.sql import functions as F

        rows = None
        for batch in self.batches:
            row = self.spark.range(1).select(
                *(
                    F.lit(getattr(batch, name.removeprefix("_"))).cast(kind).alias(name)
                    for name, kind in contract.columns("raw", "batches").items()
                )
            )
            rows = row if rows is None else rows.unionAll(row)
        rows.coalesce(1).write.format("delta").mode("append").saveAsTable(
            self._name("batches")
        )

    def _write(
        self,
        table: str,
        rows: DataFrame,
        batch_id: int,
        source: str,
        ingested_at: datetime,
    ) -> int:
        """Append in one commit; return how many rows it holds."""
        from pyspark.sql import functions as F

        stamped = (
            rows.withColumn("_batch_id", F.lit(batch_id))
            .withColumn("_ingested_at", F.lit(ingested_at).cast("timestamp"))
            .withColumn("_source", F.lit(source))
        )
        wanted = contract.columns("raw", table)
        if "_has_time_of_day" in wanted and "_has_time_of_day" not in rows.columns:
            local = F.from_utc_timestamp("transacted_at", self.settings.time_zone)
            stamped = stamped.withColumns(
                {
                    "_has_time_of_day": local != F.date_trunc("day", local),
                    "_time_zone": F.lit(None),
                }
            )
        stamped.select(
            *(F.col(name).cast(kind).alias(name) for name, kind in wanted.items())
        ).write.format("delta").mode("append").saveAsTable(self._name(table))
        return self._table(table).where(F.col("_batch_id") == batch_id).count()

    def _table(self, table: str) -> DataFrame:
        return self.spark.table(self._name(table))

    def _name(self, table: str) -> str:
        return f"{self.settings.schema('raw')}.{table}"


@contextmanager
def delivery(spark: SparkSession, settings: Settings) -> Iterator[Delivery]:
    """Open a delivery; publish it if the block ends without an error.

    Raises:
        UserError: Another delivery is under way.
    """
    with locks.exclusive(settings.lock_file("load"), "loading"):
        contract.create_missing(spark, settings, "raw")
        opened = Delivery(spark, settings, _next_batch_id(spark, settings))
        yield opened
        opened.publish()


def _next_batch_id(spark: SparkSession, settings: Settings) -> int:
    """One more than any number in use, those of deliveries that died included."""
    from pyspark.sql import functions as F

    def newest(table: str, above: int) -> int:
        rows = spark.table(f"{settings.schema('raw')}.{table}")
        # File statistics on _batch_id let Delta skip all history here.
        found = rows.where(F.col("_batch_id") > above).agg(F.max("_batch_id")).collect()
        return found[0][0] or above

    number = newest("batches", 0)
    for table in ("customers", "transactions", "rejects"):
        number = newest(table, number)
    return number + 1
