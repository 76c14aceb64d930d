"""Ids: derived where a source has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_jobs import contract
from python_jobs.loader.times import HAS_TIME, ZONE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# What two spellings of one number must not make two of.
IDS = ("transaction_id", "customer_id")
OF_TIME = (HAS_TIME, ZONE)


def identified(rows: DataFrame, kind: str) -> DataFrame:
    """Add the contract's columns that are not mapped; transactions get ids.

    An id is the hash of all values of a row and the number of equal rows up to it, so
    it depends neither on the rows' order nor on what else a file holds.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    wanted = contract.columns("raw", kind)
    if kind == "transactions" and "transaction_id" not in rows.columns:
        # JSON names its values and leaves out NULLs: no two rows read the same. The
        # time in the digits that were written, which stay when the shop's time zone is
        # set right, and as a number: text would depend on the session's zone.
        written = F.when(F.col(ZONE).isNull(), F.col("transacted_at")).otherwise(
            F.from_utc_timestamp("transacted_at", F.col(ZONE))
        )
        content = F.to_json(
            F.struct(
                F.unix_micros(written).alias("transacted_at"),
                *(
                    name
                    for name in wanted
                    if name in rows.columns and name not in ("transacted_at", *OF_TIME)
                ),
            )
        )
        equal = Window.partitionBy("content").orderBy("content")
        rows = rows.withColumn("content", F.left(F.sha2(content, 256), F.lit(32)))
        rows = rows.withColumn(
            "transaction_id",
            F.concat_ws("-", "content", F.row_number().over(equal)),
        )
    return rows.select(
        *(
            F.col(name) if name in rows.columns else F.lit(None).cast(type_).alias(name)
            for name, type_ in wanted.items()
            if name in OF_TIME or not name.startswith("_")
        )
    )
