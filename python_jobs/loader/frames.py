"""What the readers of all formats share: the frame that they make of a source.

It has the source's columns and three of our own: the row as it was read, its number,
and what is wrong with its form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_jobs.errors import UserError
from python_jobs.loader.mapping import Mapping

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

ROW = "__row"
NUMBER = "__number"
PROBLEM = "__problem"
UNREADABLE = "\ufffd"
# All that Unicode calls white space, and two that show as nothing.
BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"
)


@dataclass(frozen=True)
class Input:
    """The rows of a source.

    Attributes:
        rows: The source's columns, and ROW, NUMBER and PROBLEM.
        columns: The names of the source's columns.
        count: How many rows there are, counted before they are split into columns.
        digest: The same for the same rows, in any order and any files.
        has_nanoseconds: Whether some of the whole numbers are times in nanoseconds.
    """

    rows: DataFrame
    columns: list[str]
    count: int
    digest: str
    has_nanoseconds: bool = False


def named(names: list[str] | tuple[str, ...]) -> list[str]:
    """Names that tell the columns apart, as Spark does: whatever their case.

    Raises:
        UserError: A name stands twice.
    """
    columns = [name.strip() or f"_c{place}" for place, name in enumerate(names)]
    folded = [name.lower() for name in columns]
    for name in columns:
        if folded.count(name.lower()) > 1:
            raise UserError(f"the column '{name}' stands twice in the header")
    return columns


def tidy(value: Column) -> Column:
    """Text without blanks of any kind around it; NULL where that leaves nothing."""
    from pyspark.sql import functions as F

    return F.nullif(F.btrim(value, F.lit(BLANKS)), F.lit(""))


def quoted(name: str) -> str:
    """A column's name as SQL takes it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def summary(rows: DataFrame, file: Column) -> tuple[int, str, bool]:
    """How many rows there are, their digest, and whether they are of one file."""
    from pyspark.sql import functions as F

    # 128 bits of all rows together; sums, so that the rows' order does not matter.
    sums = (
        F.sum(F.xxhash64(F.lit(seed), ROW).cast("decimal(20,0)")).cast("string")
        for seed in (1, 2)
    )
    return tuple(
        rows.agg(
            F.count(F.lit(1)),
            F.concat_ws("-", *sums),
            F.coalesce(F.min(file) == F.max(file), F.lit(True)),
        ).collect()[0]
    )


def csv_options(mapping: Mapping) -> dict[str, str]:
    """What Spark's CSV parser is told."""
    return {
        "sep": mapping.separator,
        "quote": mapping.quote,
        "escape": mapping.escape,
    }
