"""From a source's columns to the contract's: types, reasons, returns, derived ids.

No value aborts a load. What cannot be understood gives its row a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_jobs import contract
from python_jobs.errors import UserError
from python_jobs.loader import patterns
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
HAS_TIME = "_has_time_of_day"
READ = "__read_"
NO_ISO_TIME = "is not a date or time in ISO 8601 (say its `format`"
# What looks like a time all the same, and the format that would say so.
LOOKS_LIKE = {
    r"^(19|20)\d{2}(0\d|1[0-2])[0-3]\d$": "yyyyMMdd",
    r"^(19|20)\d{2}(0\d|1[0-2])[0-3]\d{7}$": "yyyyMMddHHmmss",
    r"^\d{9,10}(\.\d+)?$": "epoch_s",
    r"^\d{12,13}(\.\d+)?$": "epoch_ms",
    r"^\d{15,16}(\.\d+)?$": "epoch_us",
    r"^\d{1,2}\.\d{1,2}\.\d{4}$": "dd.MM.yyyy",
    r"^\d{1,2}\.\d{1,2}\.\d{2}$": "dd.MM.yy",
    r"^\d{1,2}/\d{1,2}/\d{4}$": "dd/MM/yyyy` or `MM/dd/yyyy",
    r"^\d{1,2}/\d{1,2}/\d{2}$": "dd/MM/yy` or `MM/dd/yy",
}
GIVEN = "__given_"
SHOWN = 100
REQUIRED = {
    "transactions": ("transaction_id", "transacted_at", "amount"),
    "customers": ("customer_id",),
}


@dataclass(frozen=True)
class Time:
    """A time as a line tells it.

    Attributes:
        instant: When it was, NULL where that cannot be understood.
        local: The same by the shop's clock.
        fault: How to say that it cannot be understood.
    """

    instant: Column
    local: Column
    fault: Column

    @property
    def has_time_of_day(self) -> Column:
        """Whether it tells more than a day: few sell at midnight to the second."""
        from pyspark.sql import functions as F

        return self.local != F.date_trunc("day", self.local)


def parse(found: Input, mapping: Mapping, shop_zone: str) -> DataFrame:
    """The contract's columns of each row, ROW, NUMBER and REASON (NULL: a good row).

    Args:
        found: What the files hold.
        mapping: What it means.
        shop_zone: The time zone of the shop's days, and of times that name none.

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
    times = {
        name: _as_written(_tidy(name, types[name]), value, types[name])
        for name, value in mapping.columns.items()
        if wanted[name] in ("timestamp", "date")
    }
    parsed: dict[str, Column] = {}
    reasons = []
    for name, value in mapping.columns.items():
        source = _tidy(name, types[name])
        if name in times:
            time = _time(F.col(READ + name), source, value, types[name], shop_zone)
            parsed[name] = time.instant if wanted[name] == "timestamp" else time.local
            fault = time.fault
            if name == "transacted_at":
                parsed[HAS_TIME] = time.has_time_of_day
        else:
            parsed[name], fault = _parsed(source, wanted[name])
        place = f" in {value.text}" if value.meaning == "column" else ""
        shown = F.substring(source.cast("string"), 1, SHOWN)
        reasons.append(
            F.when(
                F.col(name).isNull() & source.isNotNull(),
                F.concat(F.lit(f"{name}: '"), shown, F.lit(f"'{place} "), fault),
            )
        )
        if name in REQUIRED[mapping.kind]:
            reasons.append(F.when(source.isNull(), f"{name}: nothing{place}"))
    if "amount" in parsed:
        money = parsed["amount"]
        parsed["amount"] = F.when(F.col(MARK), -F.abs(money)).otherwise(money)
    # Times first, values after them, reasons last: nothing is parsed twice.
    return (
        given.select("*", *(time.alias(READ + name) for name, time in times.items()))
        .select(
            "*",
            *(column.cast(wanted[name]).alias(name) for name, column in parsed.items()),
        )
        .select(
            *parsed,
            ROW,
            NUMBER,
            F.coalesce(
                F.concat(F.lit("the row "), F.col(PROBLEM)),
                F.nullif(F.concat_ws("; ", *reasons), F.lit("")),
            ).alias(REASON),
        )
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
                    if name in rows.columns and name not in ("transacted_at", HAS_TIME)
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
            if name == HAS_TIME or not name.startswith("_")
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


def _parsed(source: Column, wanted: str) -> tuple[Column, Column]:
    """A value in the wanted type, NULL where it is none, and how to say that."""
    from pyspark.sql import functions as F

    text = source.cast("string")
    if wanted == "string":
        return text, F.lit("is no text")
    number = F.when(text.rlike(NUMERAL), text)
    if wanted == "int":
        # Where some are unknown, whole numbers are often written as 2.0.
        return (
            F.regexp_replace(number, r"\.0*$", "").try_cast("int"),
            F.lit("is not a whole number"),
        )
    return number.try_cast(wanted), F.lit(f"is not a number that fits {wanted}")


def _as_written(source: Column, value: Value, type_: str) -> Column:
    """A time in the digits that were written, as if they were of UTC."""
    from pyspark.sql import functions as F

    if type_ in ("timestamp", "date", "timestamp_ntz"):
        return source.cast("timestamp")
    text = _text(source, type_)
    if value.format in patterns.EPOCHS:
        unit = patterns.EPOCHS[value.format]
        number = F.when(text.rlike(NUMERAL), text).try_cast("decimal(24,6)")
        return F.timestamp_micros(F.floor(number * unit).try_cast("bigint"))
    if value.format:
        time = F.try_to_timestamp(text, F.lit(value.format))
        if patterns.has_two_digit_years(value.format):
            return _of_its_century(time, value.pivot)
        return time
    # Spark wants seconds before a zone; ISO 8601 does not.
    whole = F.regexp_replace(text, r"([T ]\d{1,2}:\d{2})(?=[A-Za-z+-])", "$1:00")
    return F.when(text.rlike(ISO_TIME), whole.try_cast("timestamp"))


def _time(
    written: Column, source: Column, value: Value, type_: str, shop_zone: str
) -> Time:
    """What a time means.

    One that names no zone is of the mapping's zone, else of the shop's. At midnight it
    is a day, and a day is the shop's, wherever it was written down.
    """
    from pyspark.sql import functions as F

    instant = _instant(written, shop_zone)
    is_day = written == F.date_trunc("day", written)
    if value.time_zone and value.time_zone != shop_zone:
        instant = F.when(is_day, instant).otherwise(_instant(written, value.time_zone))
    local = F.when(is_day, written).otherwise(_local(instant, shop_zone))
    is_clock = _is_clock(source, value, type_)
    return Time(
        F.when(is_clock, instant).otherwise(written),
        F.when(is_clock, local).otherwise(_local(written, shop_zone)),
        _time_fault(source, value, type_),
    )


def _is_clock(source: Column, value: Value, type_: str) -> Column:
    """Whether a time is what a clock showed, and not the same moment everywhere."""
    from pyspark.sql import functions as F

    if type_ in ("timestamp", "date", "timestamp_ntz"):
        return F.lit(type_ != "timestamp")
    if value.format:
        is_moment = value.format in patterns.EPOCHS or patterns.has_zone(value.format)
        return F.lit(not is_moment)
    return ~_text(source, type_).rlike(NAMES_ZONE)


def _time_fault(source: Column, value: Value, type_: str) -> Column:
    """How to say that a value is no time."""
    from pyspark.sql import functions as F

    if type_ in ("timestamp", "date", "timestamp_ntz"):
        return F.lit("is no time")
    if value.format:
        return F.lit(f"is not a time as {value.format}")
    text = _text(source, type_)
    hint = F.lit(")")
    for looks, format_ in LOOKS_LIKE.items():
        hint = F.when(text.rlike(looks), f": `{format_}`?)").otherwise(hint)
    return F.concat(F.lit(NO_ISO_TIME), hint)


def _tidy(name: str, type_: str) -> Column:
    from pyspark.sql import functions as F

    source = F.col(GIVEN + name)
    return tidy(source) if type_ == "string" else source


def _text(source: Column, type_: str) -> Column:
    """A value as text; a number with a fraction written out, as 1.7E9 is no time."""
    if type_ in ("float", "double"):
        source = source.try_cast("decimal(38,6)")
    return source.cast("string")


def _instant(local: Column, zone: str) -> Column:
    from pyspark.sql import functions as F

    return local if zone == "UTC" else F.to_utc_timestamp(local, zone)


def _local(instant: Column, zone: str) -> Column:
    from pyspark.sql import functions as F

    return instant if zone == "UTC" else F.from_utc_timestamp(instant, zone)


def _of_its_century(time: Column, pivot: int) -> Column:
    """Spark reads two digits as a year from 2000 on: from the pivot on it is 19..

    NULL for a day that the year before 2000 does not have: February 29th of 1900.
    """
    from pyspark.sql import functions as F

    before = time - F.expr("interval 100 years")
    is_same_day = F.dayofmonth(before) == F.dayofmonth(time)
    return F.when(F.year(time) < 2000 + pivot, time).when(is_same_day, before)
