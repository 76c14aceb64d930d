"""From a source's columns to the contract's: types, reasons, returns, derived ids.

No value aborts a load. What cannot be understood gives its row a reason.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from python_jobs import contract
from python_jobs.errors import UserError
from python_jobs.loader.frames import NUMBER, PROBLEM, ROW, Input, quoted, tidy
from python_jobs.loader.mapping import Mapping, Value
from python_jobs.loader.spark_errors import first_line

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

REASON = "__reason"
MARK = "__mark"
# Longer ones are no numbers that anybody means, and a huge exponent stops the cast.
NUMERAL = r"^[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?$"
# A plain cast takes 5 for the year 5, and T10:00 for today.
ISO_TIME = r"^\d{4}-\d{1,2}-\d{1,2}([T ].*)?$"
NAMES_ZONE = r"[T ].*([A-Za-z]|[+-]\d{1,2}(:?\d{2})?)$"
HAS_TIME = "[T ]"
# Letters of Spark's datetime patterns that stand for an hour, and for a zone.
HOUR_LETTERS = set("HhKk")
ZONE_LETTERS = set("VzOXxZ")
GIVEN = "__given_"
SHOWN = 100
REQUIRED = {
    "transactions": ("transaction_id", "transacted_at", "amount"),
    "customers": ("customer_id",),
}


def parse(found: Input, mapping: Mapping) -> DataFrame:
    """The contract's columns of each row, ROW, NUMBER and REASON (NULL: a good row).

    Raises:
        UserError: The mapping names columns that are not there, or its expressions
            are not SQL over them.
    """
    from pyspark.sql import functions as F

    for name, value in mapping.columns.items():
        _require(found, name, value)
    given = found.rows.select(
        ROW,
        NUMBER,
        PROBLEM,
        _is_return(found, mapping).alias(MARK),
        *(_given(value).alias(GIVEN + name) for name, value in mapping.columns.items()),
    )
    types = {name.removeprefix(GIVEN): type_ for name, type_ in given.dtypes}
    wanted = contract.columns("raw", mapping.kind)
    parsed = {}
    reasons = []
    for name, value in mapping.columns.items():
        source = F.col(GIVEN + name)
        source = tidy(source) if types[name] == "string" else source
        parsed[name], fault = _parsed(source, value, types[name], wanted[name])
        place = f" in {value.text}" if value.meaning == "column" else ""
        shown = F.substring(source.cast("string"), 1, SHOWN)
        reasons.append(
            F.when(
                F.col(name).isNull() & source.isNotNull(),
                F.concat(F.lit(f"{name}: '"), shown, F.lit(f"'{place} {fault}")),
            )
        )
        if name in REQUIRED[mapping.kind]:
            reasons.append(F.when(source.isNull(), f"{name}: nothing{place}"))
    if "amount" in parsed:
        money = parsed["amount"]
        parsed["amount"] = F.when(F.col(MARK), -F.abs(money)).otherwise(money)
    # Values first, reasons in a step after them: nothing is parsed twice.
    return given.select(
        "*", *(column.cast(wanted[name]).alias(name) for name, column in parsed.items())
    ).select(
        *parsed,
        ROW,
        NUMBER,
        F.coalesce(
            F.concat(F.lit("the row "), F.col(PROBLEM)),
            F.nullif(F.concat_ws("; ", *reasons), F.lit("")),
        ).alias(REASON),
    )


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
        # time as a number, because as text it would depend on the session's zone.
        content = F.to_json(
            F.struct(
                F.unix_micros("transacted_at").alias("transacted_at"),
                *(
                    name
                    for name in wanted
                    if name in rows.columns and name != "transacted_at"
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
            if not name.startswith("_")
        )
    )


def _require(found: Input, name: str, value: Value) -> None:
    """Refuse what the mapping says of a column if the source cannot answer it."""
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    if value.meaning == "column":
        if value.text.lower() not in map(str.lower, found.columns):
            raise UserError(
                f"{name}: there is no column '{value.text}'; there are "
                f"{', '.join(found.columns)}"
            )
    elif value.meaning == "expression":
        try:
            # Beside a row, so that an aggregate is an error.
            _ = found.rows.select(ROW, F.expr(value.text)).schema
        except PySparkException as error:
            raise UserError(
                f"{name}: the expression {value.text!r} is no SQL over the columns "
                f"{', '.join(found.columns)}: {first_line(error)}"
            ) from error


def _is_return(found: Input, mapping: Mapping) -> Column:
    from pyspark.sql import functions as F

    if mapping.returns is None:
        return F.lit(False)
    _require(found, "returns", Value("column", mapping.returns.column))
    mark = F.trim(F.col(quoted(mapping.returns.column)).cast("string"))
    return F.coalesce(mark.isin(*mapping.returns.equals), F.lit(False))


def _given(value: Value) -> Column:
    from pyspark.sql import functions as F

    if value.meaning == "column":
        return F.col(quoted(value.text))
    return F.lit(value.text) if value.meaning == "constant" else F.expr(value.text)


def _parsed(
    source: Column, value: Value, type_: str, wanted: str
) -> tuple[Column, str]:
    """A value in the wanted type, NULL where it is none, and how to say that."""
    from pyspark.sql import functions as F

    if wanted in ("timestamp", "date"):
        return _instant(source, value, type_)
    text = source.cast("string")
    if wanted == "string":
        return text, "is no text"
    number = F.when(text.rlike(NUMERAL), text)
    if wanted == "int":
        # Where some are unknown, whole numbers are often written as 2.0.
        return (
            F.regexp_replace(number, r"\.0*$", "").try_cast("int"),
            "is not a whole number",
        )
    return number.try_cast(wanted), f"is not a number that fits {wanted}"


def _instant(source: Column, value: Value, type_: str) -> tuple[Column, str]:
    from pyspark.sql import functions as F

    def in_zone(time: Column) -> Column:
        return F.to_utc_timestamp(time, value.time_zone) if value.time_zone else time

    if type_ in ("timestamp", "date"):
        return source.cast("timestamp"), "is no time"
    if type_ == "timestamp_ntz":
        return in_zone(source.cast("timestamp")), "is no time"
    text = source.cast("string")
    if value.format:
        letters = set(re.sub("'[^']*'", "", value.format))
        time = F.try_to_timestamp(text, F.lit(value.format))
        if letters & HOUR_LETTERS and not letters & ZONE_LETTERS:
            time = in_zone(time)
        return time, f"is not a time as {value.format}"
    # Spark wants seconds before a zone; ISO 8601 does not.
    whole = F.regexp_replace(text, r"([T ]\d{1,2}:\d{2})(?=[A-Za-z+-])", "$1:00")
    time = F.when(text.rlike(ISO_TIME), whole.try_cast("timestamp"))
    if value.time_zone:
        # A day alone stays that day, and a time that names its zone needs no other.
        is_local = text.rlike(HAS_TIME) & ~text.rlike(NAMES_ZONE)
        time = F.when(is_local, in_zone(time)).otherwise(time)
    return time, "is not a date or time in ISO 8601 (say its `format`)"
