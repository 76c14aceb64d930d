"""The generator: a history of purchases with hidden personas and planted trouble."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from python_jobs import raw
from python_jobs.errors import UserError
from python_jobs.generator import customers, transactions
from python_jobs.generator.options import Options
from python_jobs.generator.plan import Period, Plan
from python_jobs.raw import Batch, Delivery
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Options", "generate"]


def generate(spark: SparkSession, settings: Settings, options: Options) -> list[Batch]:
    """Deliver a new history to the raw tables, or continue the one that is there.

    Args:
        spark: A Spark Connect session.
        settings: Where to write.
        options: What to generate. With `append_days` only those count: the history
            goes on as it began.

    Returns:
        The batches written; none where this history is already there.

    Raises:
        UserError: There is another history, or none to continue.
    """
    with raw.delivery(spark, settings) as delivery:
        history = History(spark, settings)
        period = history.period(options)
        if period is None:
            return []
        return _deliver(delivery, history, *period)


class History:
    """What has been generated so far, in the schema of the truth."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        """Create the tables that are missing."""
        self.spark = spark
        self.settings = settings
        spark.sql(f"create schema if not exists {settings.schema('raw_truth')}")
        spark.sql(
            f"create table if not exists {self.table('history')} (batch_id bigint,"
            " options string, begin_day int, end_day int) using delta"
        )
        spark.sql(
            f"create table if not exists {self.table('trouble')} (batch_id bigint,"
            " trouble string, transaction_id string, customer_id string,"
            " transacted_at timestamp, product_category string, amount decimal(12,2),"
            " quantity int, payment_method string) using delta"
        )

    def table(self, name: str) -> str:
        """The full name of a table of the truth."""
        return f"{self.settings.schema('raw_truth')}.{name}"

    def period(self, options: Options) -> tuple[Options, Period] | None:
        """The history's options, and the period to generate; None if it is there.

        Raises:
            UserError: There is another history, or none to continue.
        """
        batches = f"{self.settings.schema('raw')}.batches"
        # A delivery that died before it was published has left a row, but no batch.
        rows = self.spark.sql(
            f"select options, end_day from {self.table('history')}"
            f" where batch_id in (select _batch_id from {batches})"
            " order by end_day desc limit 1"
        ).collect()
        if not rows:
            if options.append_days is not None:
                raise UserError(
                    "there is no history to continue: generate one without append_days"
                )
            return options, Period(None, options.days)
        there = _parse(rows[0].options)
        if options.append_days is None:
            if options.process() == there.process():
                return None
            raise UserError(
                "the warehouse holds another history "
                f"({_differences(options, there)}): continue it with append_days, or "
                "use another BEHAVIOR_HOME"
            )
        default = Options().process()
        for name, value in options.process().items():
            # What was left at its default was not asked for.
            if value not in (default[name], there.process()[name]):
                raise UserError(
                    f"{name} is {value}, but the history to continue has "
                    f"{there.process()[name]}: leave it out"
                )
        begin = rows[0].end_day
        return there, Period(begin, begin + options.append_days)

    def write(self, rows: DataFrame, name: str) -> None:
        """Replace a table of the truth in one commit."""
        rows.write.format("delta").mode("overwrite").saveAsTable(self.table(name))

    def append(self, rows: DataFrame, name: str) -> None:
        """Append to a table of the truth in one commit."""
        rows.write.format("delta").mode("append").saveAsTable(self.table(name))


def _deliver(
    delivery: Delivery, history: History, options: Options, period: Period
) -> list[Batch]:
    """Write the truth and the three batches of a period."""
    spark, plan, begin = delivery.spark, Plan(options), period.begin
    first_id = delivery.next_batch_id
    history.write(customers.purchases(spark, plan, period.end), "customers")
    purchases = spark.table(history.table("customers"))
    new_customers = customers.delivered(spark, plan, period)
    # Whatever has such a number died unpublished.
    for table in ("trouble", "history"):
        spark.sql(f"delete from {history.table(table)} where batch_id >= {first_id}")
    zone = history.settings.time_zone
    history.append(
        _by_the_clock(
            transactions.delivered_with_trouble(purchases, plan, period), zone
        )
        .selectExpr(f"{first_id} + if({transactions.SECOND}, 2L, 1L) as batch_id", "*")
        .unionByName(
            new_customers.where("trouble is not null").selectExpr(
                f"{first_id}L as batch_id", "trouble", "customer_id"
            ),
            allowMissingColumns=True,
        ),
        "trouble",
    )
    history.append(
        spark.range(1).selectExpr(
            f"{first_id}L as batch_id",
            f"'{_format(options)}' as options",
            f"cast({'null' if begin is None else begin} as int) as begin_day",
            f"{period.end} as end_day",
        ),
        "history",
    )
    midnight = datetime.combine(options.start_date, time(), tzinfo=UTC)
    for kind, rows, what in (
        ("customers", new_customers, "customers"),
        (
            "transactions",
            _by_the_clock(transactions.delivered_first(purchases, plan, period), zone),
            "transactions",
        ),
        (
            "transactions",
            spark.table(history.table("trouble")).where(
                f"batch_id = {first_id + 2} and {transactions.SECOND}"
            ),
            "late and corrected transactions",
        ),
    ):
        fingerprint = f"{_format(options)} {begin} {period.end} {what}"
        delivery.append(
            kind,
            rows,
            source=f"generator, seed {options.seed}: {what}",
            content_hash=hashlib.sha256(fingerprint.encode()).hexdigest(),
            ingested_at=midnight + timedelta(days=period.end),
        )
    return delivery.batches


def _by_the_clock(lines: DataFrame, zone: str) -> DataFrame:
    """Lines whose hours, which customers live by, are those of the shop's clock."""
    from pyspark.sql import functions as F

    if zone == "UTC":
        return lines
    return lines.withColumn("transacted_at", F.to_utc_timestamp("transacted_at", zone))


def _format(options: Options) -> str:
    return json.dumps(options.process(), default=str, sort_keys=True)


def _parse(text: str) -> Options:
    values = json.loads(text)
    values["start_date"] = date.fromisoformat(values["start_date"])
    return replace(Options(), **values)


def _differences(options: Options, there: Options) -> str:
    names = [field.name for field in fields(options) if field.name != "append_days"]
    return ", ".join(
        f"{name} {getattr(there, name)}"
        for name in names
        if getattr(options, name) != getattr(there, name)
    )
