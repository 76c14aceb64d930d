"""What the readers of all formats share: the frame that they make of a source.

It has the source's columns and three of our own: the row as it was read, its number,
and what is wrong with its form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
        nanoseconds: What whole numbers may be: times in nanoseconds, by a clock or not;
            None where Spark knows all times.
        twice: The places of columns whose name stands twice, by it in lower case.
        lacking: Columns that some file has and some other has not: the other, by the
            column's name in lower case.
    """

    rows: DataFrame
    columns: list[str]
    count: int
    digest: str
    nanoseconds: str | None = None
    twice: dict[str, list[int]] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)


def named(names: Sequence[str]) -> tuple[list[str], dict[str, list[int]]]:
    """Names that tell the columns apart, as Spark does: whatever their case.

    Args:
        names: What the header says.

    Returns:
        The columns' names: where one is blank or stands twice, _c and its place; and
        the places of those that stand twice, by their name in lower case.
    """
    columns = [name.strip() or f"_c{place}" for place, name in enumerate(names)]
    places: dict[str, list[int]] = {}
    for place, name in enumerate(columns):
        places.setdefault(name.lower(), []).append(place)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    for found in twice.values():
        for place in found:
            columns[place] = f"_c{place}"
    return columns, twice


def tidy(value: Column) -> Column:
    """Text without blanks of any kind around it; NULL where that leaves nothing."""
    from pyspark.sql import functions as F

    return F.nullif(F.btrim(value, F.lit(BLANKS)), F.lit(""))


def advice(text: Column, looks_like: dict[str, str], otherwise: str) -> Column:
    """What to say of a text, by the first of some expressions that it fits."""
    from pyspark.sql import functions as F

    said = F.lit(otherwise)
    for looks, words in reversed(looks_like.items()):
        said = F.when(text.rlike(looks), words).otherwise(said)
    return said


def quoted(name: str) -> str:
    """A column's name as SQL takes it, whatever is in it."""
    return "`" + name.replace("`", "``") + "`"


def summary(
    rows: DataFrame, file: Column, *more: Column | str
) -> tuple[int, str, bool]:
    """How many rows there are, their digest, and whether they are of one file.

    Args:
        rows: Rows with ROW.
        file: The file that a row is of.
        more: What belongs to a row beside ROW.
    """
    from pyspark.sql import functions as F

    # 128 bits of all rows together; sums, so that the rows' order does not matter.
    sums = (
        F.sum(F.xxhash64(F.lit(seed), ROW, *more).cast("decimal(20,0)")).cast("string")
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
