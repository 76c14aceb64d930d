"""Loading: files of a user's own into the raw tables, by a mapping."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from python_jobs import raw
from python_jobs.errors import UserError
from python_jobs.loader import inputs, sniff
from python_jobs.loader import mapping as mappings
from python_jobs.loader.frames import NUMBER, ROW
from python_jobs.loader.ids import identified
from python_jobs.loader.mapping import Mapping
from python_jobs.loader.parse import DETAIL, REASON, parse
from python_jobs.loader.spark_errors import explained
from python_jobs.settings import PROJECT, Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SHOWN_REASONS = 3
WITHOUT_IDS = (
    "the lines have no transaction_id: one that was changed since an earlier load "
    "counts beside what it was"
)
EXAMPLES = {"cdnow": ("lifetimes", "datasets/CDNOW_master.txt")}


@dataclass(frozen=True)
class Loaded:
    """What came of a load.

    Attributes:
        source: Where the rows came from.
        batches: The batches it published: none where the content was there already.
        batch_id: The batch that holds the content.
        told: Why rows were rejected, and what was taken for something else than it
            looks like, a line each.
    """

    source: str
    batches: list[raw.Batch]
    batch_id: int
    told: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """What to tell a person, a line for each batch."""
        if not self.batches:
            return [f"{self.source} is already loaded as batch {self.batch_id}"]
        return [
            f"batch {batch.batch_id}: {batch.rows_raw:,} {batch.kind}"
            + (
                f", {batch.rows_rejected:,} rows rejected (why: raw.rejects)"
                if batch.rows_rejected
                else ""
            )
            + (
                f", {batch.rows_not_meant:,} rows not meant (where)"
                if batch.rows_not_meant
                else ""
            )
            for batch in self.batches
        ] + self.told


def load(
    spark: SparkSession, settings: Settings, path: str, mapping: Mapping
) -> Loaded:
    """Load the files at a path, unless their content is there already.

    Args:
        spark: A session on the engine, which must be able to read the path.
        settings: Which engine, and the names of its schemas.
        path: A file, a folder or a glob; relative to the current folder where the
            engine is local.
        mapping: What the files' columns mean.

    Raises:
        UserError: The input cannot be used; nothing is published then.
    """
    source = path
    if settings.is_local:
        source = _absolute(path)
        sniff.check(source, inputs.format_of(source, mapping), mapping.encoding)
    with explained(source):
        found = inputs.read(spark, _literal(source, settings), mapping)
        parsed = parse(found, mapping, settings.time_zone)
        rows = parsed.rows
        _require_good_row(rows, source)
        content = f"{found.count} {found.digest} {mapping.fingerprint}"
        content_hash = hashlib.sha256(content.encode()).hexdigest()
        with raw.delivery(spark, settings) as delivery:
            there = delivery.batch_of(content_hash)
            # What was corrected since and comes again is the newest word once more.
            if there is not None and delivery.has_last_word(mapping.kind, there):
                return Loaded(source, [], there)
            told = list(parsed.told)
            if there is not None:
                told.append(
                    f"it was loaded as batch {there} and corrected since: what it says "
                    "is the newest word again"
                )
            has_ids = (
                mapping.kind != "transactions" or "transaction_id" in mapping.columns
            )
            if not has_ids and delivery.has_batches(mapping.kind):
                told.append(WITHOUT_IDS)
            ingested_at = datetime.now(UTC)
            batch = delivery.append(
                mapping.kind,
                identified(rows.where(f"{REASON} is null"), mapping.kind),
                source=source,
                content_hash=content_hash,
                ingested_at=ingested_at,
                rejects=_rejects(rows),
                rows_in=found.count,
                rows_not_meant=parsed.not_meant,
            )
            if mapping.derives_customers:
                customers = _new_customers(spark, settings, batch.batch_id)
                if not customers.isEmpty():
                    delivery.append(
                        "customers",
                        customers,
                        source=source,
                        content_hash=hashlib.sha256(
                            f"customers of {content_hash}".encode()
                        ).hexdigest(),
                        ingested_at=ingested_at,
                    )
        why = _commonest(spark, settings, batch) if batch.rows_rejected else []
        return Loaded(source, delivery.batches, batch.batch_id, why + told)


def example(name: str) -> tuple[str, Mapping]:
    """The path and the mapping of a data set that comes with the project.

    Raises:
        UserError: There is no such example, or its package is not installed.
    """
    if name not in EXAMPLES:
        raise UserError(f"there is no example '{name}': there is {', '.join(EXAMPLES)}")
    package, file = EXAMPLES[name]
    # Found without importing it: the package is only the parcel of the file.
    spec = find_spec(package)
    path = Path(spec.origin).parent / file if spec and spec.origin else None
    if path is None or not path.exists():
        raise UserError(
            f"the example '{name}' is a file of the Python package {package}, which is "
            "not installed: run `uv sync --group example`"
        )
    return str(path), mappings.read(PROJECT / "examples" / f"{name}.yml")


def _absolute(path: str) -> str:
    """The path from the root, because the engine runs in another folder."""
    if re.match(r"[a-z][a-z0-9+.-]+:/", path):
        return path
    return str(Path(path).expanduser().absolute())


def _literal(source: str, settings: Settings) -> str:
    """The path as Spark takes it: a file whose name looks like a glob is no glob."""
    if settings.is_local and Path(source).exists():
        return re.sub(r"([\\{}\[\]*?])", r"\\\1", source)
    return source


def _require_good_row(rows: DataFrame, source: str) -> None:
    """Refuse a source of which nothing can be used: then the mapping is wrong."""
    if not rows.where(f"{REASON} is null").limit(1).isEmpty():
        return
    first = rows.select(DETAIL).first()
    if first is None:
        raise UserError(f"no row of {source} is meant: is `where` right?")
    reason = first[0]
    raise UserError(
        f"no row of {source} can be used; the first: {reason} (is the mapping right?)"
    )


def _rejects(rows: DataFrame) -> DataFrame:
    from pyspark.sql import functions as F

    return rows.where(f"{REASON} is not null").select(
        F.col(NUMBER).alias("row_number"),
        F.col(ROW).alias("row_text"),
        F.col(REASON).alias("reason"),
        F.col(DETAIL).alias("detail"),
    )


def _commonest(spark: SparkSession, settings: Settings, batch: raw.Batch) -> list[str]:
    """The commonest reasons for which rows of a batch were rejected."""
    from pyspark.sql import functions as F

    found = (
        spark.table(f"{settings.schema('raw')}.rejects")
        .where(F.col("_batch_id") == batch.batch_id)
        .groupBy("reason")
        .agg(F.count(F.lit(1)).alias("rows"), F.min("detail").alias("detail"))
        .orderBy(F.desc("rows"), "reason")
        .limit(SHOWN_REASONS + 1)
        .collect()
    )
    told = [
        f"  {row.rows:,} {row.reason}, such as: {row.detail}"
        for row in found[:SHOWN_REASONS]
    ]
    return told + (["  and rarer reasons"] if len(found) > SHOWN_REASONS else [])


def _new_customers(spark: SparkSession, settings: Settings, batch_id: int) -> DataFrame:
    """The customers of a batch that no published batch of customers names."""
    from pyspark.sql import functions as F

    schema = settings.schema("raw")
    published = spark.table(f"{schema}.batches").select("_batch_id")
    known = spark.table(f"{schema}.customers").join(
        F.broadcast(published), "_batch_id", how="left_semi"
    )
    return identified(
        spark.table(f"{schema}.transactions")
        .where((F.col("_batch_id") == batch_id) & F.col("customer_id").isNotNull())
        .select("customer_id")
        .distinct()
        .join(known, "customer_id", how="left_anti"),
        "customers",
    )
