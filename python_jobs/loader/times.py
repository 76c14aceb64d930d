"""Times as a source tells them: what was written, and which moment that was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_jobs.errors import UserError
from python_jobs.loader import patterns
from python_jobs.loader.frames import advice
from python_jobs.loader.mapping import Value
from python_jobs.loader.numbers import NUMERAL

if TYPE_CHECKING:
    from pyspark.sql import Column

# Types that are times to Spark.
SPARKS = ("timestamp", "date", "timestamp_ntz")
# Of a time that Spark takes for a whole number; smaller ones are no nanoseconds.
NANOSECONDS = NANOSECOND_CLOCK, NANOSECOND_MOMENT = "timestamp_ns", "timestamp_ns utc"
LEAST_NANOSECONDS = 10**16
HAS_TIME = "_has_time_of_day"
ZONE = "_time_zone"
# A plain cast takes 5 for the year 5, T10:00 for today, and BST for Bangladesh.
ISO_TIME = (
    r"^\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}(:\d{1,2}(:\d{1,2}(\.\d+)?)?)?"
    r"\s?(Z|UTC|GMT|[A-Z][a-z]+/[A-Za-z_/+-]+|[+-]\d{1,2}(:?\d{2})?)?)?$"
)
NAMES_ZONE = r"[T ].*([A-Za-z]|[+-]\d{1,2}(:?\d{2})?)$"
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


@dataclass(frozen=True)
class Time:
    """A time as a line tells it.

    Attributes:
        instant: When it was, NULL where that cannot be understood.
        local: The same by the shop's clock.
        has_time_of_day: Whether it tells more than a day: few sell at midnight.
        zone: The shop's, where the digits were read by its clock; NULL for a moment.
        fault: How to say that it cannot be understood.
    """

    instant: Column
    local: Column
    has_time_of_day: Column
    zone: Column
    fault: Column


def as_written(source: Column, value: Value, type_: str) -> Column:
    """A time in the digits that were written, as if they were of UTC."""
    from pyspark.sql import functions as F

    if type_ in SPARKS:
        return source.cast("timestamp")
    if type_ in NANOSECONDS:
        micros = F.call_function("div", source, F.lit(1000))
        is_one = F.abs(source) >= LEAST_NANOSECONDS
        return F.when(is_one, F.timestamp_micros(micros))
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


def meant(
    written: Column, source: Column, value: Value, type_: str, shop_zone: str
) -> Time:
    """What a time means.

    One that names no zone is of the mapping's zone, else of the shop's. At midnight it
    is a day, and a day is the shop's, wherever it was written down.
    """
    from pyspark.sql import functions as F

    instant = _instant(written, shop_zone)
    if _has_hours_only(value):
        # One in 24 is at midnight, and no day.
        is_day = F.lit(False)
    else:
        is_day = written == F.date_trunc("day", written)
    is_shops = F.lit(True)
    if value.time_zone and value.time_zone != shop_zone:
        is_shops = is_day
        instant = F.when(is_day, instant).otherwise(_instant(written, value.time_zone))
    local = F.when(is_day, written).otherwise(_local(instant, shop_zone))
    is_clock = _is_clock(source, value, type_)
    moment = _local(written, shop_zone)
    return Time(
        F.when(is_clock, instant).otherwise(written),
        F.when(is_clock, local).otherwise(moment),
        F.when(is_clock, ~is_day).otherwise(moment != F.date_trunc("day", moment)),
        F.when(is_clock & is_shops, shop_zone),
        _time_fault(source, value, type_),
    )


def _has_hours_only(value: Value) -> bool:
    form = value.format
    return bool(form) and patterns.has_hours(form) and not patterns.has_minutes(form)


def require_clear(name: str, value: Value, type_: str, shop_zone: str) -> None:
    """Refuse an expression of which nobody knows whose time it gives.

    Raises:
        UserError: What a clock showed, or a moment: both are timestamps to Spark.
    """
    if (
        value.meaning == "expression"
        and type_ == "timestamp"
        and value.time_zone is None
        and shop_zone != "UTC"
    ):
        raise UserError(
            f"{name}: say the `time_zone` of what the expression gives: {shop_zone} "
            "for what the shop's clock showed, UTC for a moment"
        )


def _is_clock(source: Column, value: Value, type_: str) -> Column:
    """Whether a time is what a clock showed, and not the same moment everywhere."""
    from pyspark.sql import functions as F

    if type_ in SPARKS:
        # What an expression makes of text has the digits that were written.
        return F.lit(type_ != "timestamp" or value.meaning == "expression")
    if type_ in NANOSECONDS:
        return F.lit(type_ == NANOSECOND_CLOCK)
    if value.format:
        is_moment = value.format in patterns.EPOCHS or patterns.has_zone(value.format)
        return F.lit(not is_moment)
    return ~_text(source, type_).rlike(NAMES_ZONE)


def _time_fault(source: Column, value: Value, type_: str) -> Column:
    """How to say that a value is no time."""
    from pyspark.sql import functions as F

    if type_ in SPARKS:
        return F.lit("is no time")
    if value.format:
        return F.lit(f"is not a time as {value.format}")
    text = _text(source, type_)
    said = {looks: f": `{format_}`?)" for looks, format_ in LOOKS_LIKE.items()}
    return F.concat(F.lit(NO_ISO_TIME), advice(text, said, otherwise=")"))


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
