"""From a source's columns to the contract's: types, reasons, returns.

No value aborts a load. What cannot be understood gives its row a reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from python_jobs import contract
from python_jobs.errors import UserError
from python_jobs.loader import times
from python_jobs.loader.doubts import doubts
from python_jobs.loader.frames import NUMBER, PROBLEM, ROW, Input, quoted, tidy
from python_jobs.loader.given import Fault, Given, plain, product
from python_jobs.loader.ids import IDS
from python_jobs.loader.mapping import Mapping, Value
from python_jobs.loader.spark_errors import first_line
from python_jobs.loader.times import HAS_TIME, ZONE

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

REASON = "__reason"
DETAIL = "__detail"
MARK = "__mark"
READ = "__read_"
GIVEN = "__given_"
# Behind the name of a column that is multiplied by another: the other one.
TIMES = "__times"
MISSHAPEN = "row_misshapen"
# Where a word that means unknown is told as what it is.
JUDGED = ("transacted_at", "amount")
# Without which a row is none. A customer who is nobody is quarantined instead.
REQUIRED = {
    "transactions": ("transaction_id", "transacted_at", "amount"),
    "customers": ("customer_id",),
}


@dataclass(frozen=True)
class Parsed:
    """The rows of a source as the contract has them.

    Attributes:
        rows: The contract's columns, ROW, NUMBER, REASON (a code; NULL: a good row) and
            DETAIL.
        told: What was taken for something else than it looks like, a line each.
        not_meant: How many rows the mapping leaves out.
    """

    rows: DataFrame
    told: list[str]
    not_meant: int


def parse(found: Input, mapping: Mapping, shop_zone: str) -> Parsed:
    """Understand each value of each row.

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
    is_meant = _is_meant(found, mapping)
    meant = found.rows.where(is_meant) if mapping.where else found.rows
    given = meant.select(
        ROW,
        NUMBER,
        PROBLEM,
        _is_return(found, mapping).alias(MARK),
        *(_given(value).alias(GIVEN + name) for name, value in mapping.columns.items()),
        *(
            F.col(quoted(value.times)).alias(GIVEN + name + TIMES)
            for name, value in mapping.columns.items()
            if value.times
        ),
    )
    types = {
        name.removeprefix(GIVEN): type_
        for name, type_ in given.dtypes
        if name.startswith(GIVEN)
    }
    wanted = contract.columns("raw", mapping.kind)
    sources = {name: _source(name, types[name], mapping) for name in types}
    found_doubts = doubts(
        given.where(F.col(PROBLEM).isNull()),
        {name: sources[name].cast("string") for name in IDS if name in sources},
        {
            name: sources[name]
            for name, value in mapping.columns.items()
            if _may_have_thousands(value, types[name], wanted[name])
        },
    )
    for name in found_doubts.whole:
        sources[name] = F.regexp_replace(sources[name], r"\.0+$", "")
    written: dict[str, Column] = {}
    parsed: dict[str, Column] = {}
    faults: list[Fault] = []
    for name, value in mapping.columns.items():
        one = Given(
            *(name, value, sources[name], types[name], wanted[name]),
            is_required=name in REQUIRED[mapping.kind],
        )
        if one.wanted in ("timestamp", "date"):
            if found.nanoseconds and one.type_ == "bigint" and not value.format:
                one = replace(one, type_=found.nanoseconds)
            times.require_clear(name, value, one.type_, shop_zone)
            written[name] = times.as_written(one.source, value, one.type_)
            time = times.meant(
                F.col(READ + name), one.source, value, one.type_, shop_zone
            )
            parsed[name] = time.instant if one.wanted == "timestamp" else time.local
            if name == "transacted_at":
                parsed |= {HAS_TIME: time.has_time_of_day, ZONE: time.zone}
            faults += one.faults(F.col(name), "not_a_time", time.fault)
        elif value.times:
            other = replace(
                one,
                value=replace(value, text=value.times),
                source=sources[name + TIMES],
                type_=types[name + TIMES],
            )
            parsed[name], why = product(one, other)
            faults += why
        else:
            parsed[name], says = plain(one)
            kind = "not_whole" if one.wanted == "int" else "not_a_number"
            faults += one.faults(F.col(name), kind, says)
    if "amount" in parsed:
        money = parsed["amount"]
        parsed["amount"] = F.when(F.col(MARK), -F.abs(money)).otherwise(money)
    # Times first, values after them, reasons last: nothing is parsed twice.
    rows = (
        given.select("*", *(time.alias(READ + name) for name, time in written.items()))
        .select(
            "*",
            *(column.cast(wanted[name]).alias(name) for name, column in parsed.items()),
        )
        .select(
            *parsed,
            ROW,
            NUMBER,
            F.coalesce(
                F.when(F.col(PROBLEM).isNotNull(), MISSHAPEN),
                *(F.when(fault.is_so, fault.code) for fault in faults),
            ).alias(REASON),
            F.coalesce(
                F.concat(F.lit("the row "), F.col(PROBLEM)),
                F.concat_ws("; ", *(F.when(one.is_so, one.says) for one in faults)),
            ).alias(DETAIL),
        )
    )
    return Parsed(
        rows,
        found_doubts.told,
        found.rows.where(~is_meant).count() if mapping.where else 0,
    )


def _may_have_thousands(value: Value, type_: str, wanted: str) -> bool:
    """Whether a point may be one between thousands: nothing says what it is."""
    is_number = wanted == "int" or wanted.startswith("decimal")
    is_plain = value.decimal == "." and value.thousands is None
    return is_number and type_ == "string" and is_plain


def _require(found: Input, name: str, value: Value) -> None:
    """Refuse what the mapping says of a column if the source cannot answer it."""
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    if value.meaning in ("column", "price"):
        for column in filter(None, (value.text, value.times)):
            _require_column(found, name, column)
    elif value.meaning == "expression":
        for column, file in found.lacking.items():
            if re.search(rf"\b{re.escape(column)}\b", value.text.lower()):
                raise UserError(f"{name}: there is no column '{column}' in {file}")
        try:
            # As a condition, so that what makes more or fewer rows is an error.
            _ = found.rows.where(F.expr(value.text).isNotNull()).schema
        except PySparkException as error:
            raise UserError(
                f"{name}: the expression {value.text!r} is no SQL over the columns "
                f"{', '.join(found.columns)}: {first_line(error)}"
            ) from error


def _spelt(found: Input, column: str) -> str:
    """A column's name as the source spells it."""
    return next(one for one in found.rows.columns if one.lower() == column.lower())


def _require_column(found: Input, name: str, column: str) -> None:
    folded = column.lower()
    if places := found.twice.get(folded):
        told = " and ".join(str(place + 1) for place in places)
        raise UserError(
            f"{name}: the column '{column}' stands twice in the header, as number "
            f"{told}"
        )
    if folded not in map(str.lower, found.columns):
        raise UserError(
            f"{name}: there is no column '{column}'; there are "
            f"{', '.join(found.columns)}"
        )
    if file := found.lacking.get(folded):
        raise UserError(f"{name}: there is no column '{column}' in {file}")


def _is_return(found: Input, mapping: Mapping) -> Column:
    """Whether a row is marked as a return."""
    from pyspark.sql import functions as F

    returns = mapping.returns
    if returns is None:
        return F.lit(False)
    if returns.expression:
        _require(found, "returns", Value("expression", returns.expression))
        is_marked = F.expr(returns.expression).cast("boolean")
    else:
        _require(found, "returns", Value("column", returns.column))
        mark = tidy(F.col(quoted(returns.column)).cast("string"))
        if dict(found.rows.dtypes)[_spelt(found, returns.column)] != "string":
            # Tools write a flag 1.0 where some are missing.
            mark = F.regexp_replace(mark, r"^(-?\d+)\.0+$", "$1")
        if returns.meaning == "equals":
            is_marked = mark.isin(*returns.values)
        else:
            is_marked = reduce(or_, (mark.startswith(one) for one in returns.values))
    return F.coalesce(is_marked, F.lit(False))


def _is_meant(found: Input, mapping: Mapping) -> Column:
    """Whether a row is one that the mapping is about; one of no form may be."""
    from pyspark.sql import functions as F

    if mapping.where is None:
        return F.lit(True)
    _require(found, "where", Value("expression", mapping.where))
    is_meant = F.coalesce(F.expr(mapping.where).cast("boolean"), F.lit(False))
    return is_meant | F.col(PROBLEM).isNotNull()


def _given(value: Value) -> Column:
    from pyspark.sql import functions as F

    if value.meaning in ("column", "price"):
        return F.col(quoted(value.text))
    return F.lit(value.text) if value.meaning == "constant" else F.expr(value.text)


def _source(name: str, type_: str, mapping: Mapping) -> Column:
    """A value as the source has it, NULL where it stands for nothing."""
    from pyspark.sql import functions as F

    source = F.col(GIVEN + name)
    name = name.removesuffix(TIMES)
    if name in IDS and type_ in ("float", "double"):
        # 12345678 is 1.2345678E7 as a double, and is no id in that spelling.
        whole = source.try_cast("decimal(38,0)").cast("string")
        source = F.when(source % 1 == 0, whole).otherwise(source.cast("string"))
        type_ = "string"
    if type_ != "string":
        return source
    source = tidy(source)
    if name in JUDGED or not mapping.unknown:
        return source
    return F.when(~F.lower(source).isin(*mapping.unknown), source)
