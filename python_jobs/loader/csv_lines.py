"""CSV line by line: text lines, and what a mapping makes of each.

A row is then known to the letter, and a quote that nobody closed costs its own line
only.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable
from typing import TYPE_CHECKING

from python_jobs.errors import UserError
from python_jobs.loader.frames import (
    NUMBER,
    PROBLEM,
    ROW,
    UNREADABLE,
    Input,
    csv_options,
    named,
    summary,
    tidy,
)
from python_jobs.loader.mapping import WHITESPACE, Mapping

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PARSED = "__parsed"
END = "__end"


def read(spark: SparkSession, path: str, mapping: Mapping) -> Input:
    """Look into CSV files whose rows are lines.

    Raises:
        UserError: There is no header, or it is not what the mapping says.
    """
    from pyspark.sql import functions as F

    text, is_readable = _decoded(F.col("value"), codec(mapping.encoding))
    lines = (
        spark.read.text(path)
        .select(
            text.alias(ROW),
            is_readable.alias("is_readable"),
            F.col("_metadata.file_path").alias("file"),
            F.col("_metadata.file_block_start").alias("start"),
            F.monotonically_increasing_id().alias("place"),
        )
        .where(F.trim(ROW) != "")
    )
    names = mapping.header
    if names is None:
        header = _header(lines, path, mapping)
        lines = lines.where(F.col(ROW) != header)
        names = _split(header, mapping)
    columns = named(names)
    count, digest, is_one_file = summary(lines, F.col("file"))
    parse, is_whole, field = _parser(len(columns), mapping)
    misshapen = f"has not the {len(columns)} columns that it should have"
    if mapping.separator != WHITESPACE:
        misshapen += ", or a quote does not close (`multiline: true`?)"
    problem = F.when(
        ~F.col("is_readable"), f"is not {mapping.encoding}: another encoding?"
    ).when(~is_whole, misshapen)
    # Parsed in a step of its own: once a row, however many columns ask for a piece.
    rows = lines.withColumn(PARSED, parse).select(
        *(tidy(field(place)).alias(name) for place, name in enumerate(columns)),
        ROW,
        # The first piece of a file is the only one that knows where it begins.
        F.when(F.lit(is_one_file) & (F.col("start") == 0), F.col("place") + 1).alias(
            NUMBER
        ),
        problem.alias(PROBLEM),
    )
    return Input(rows, columns, count, digest)


def codec(encoding: str) -> str:
    """The one name that Python has for an encoding.

    Raises:
        UserError: There is no such encoding.
    """
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise UserError(
            f"'encoding' is '{encoding}': no such encoding is known"
        ) from error


def _header(lines: DataFrame, path: str, mapping: Mapping) -> str:
    """The line that every file begins with.

    Raises:
        UserError: There is none, or the files do not agree: columns in another order
            would be mixed up.
    """
    from pyspark.sql import functions as F

    first = lines.where(F.col("start") == 0).limit(1).collect()
    if not first:
        raise UserError(f"{path} is empty")
    header = first[0][ROW]
    if not first[0].is_readable:
        raise UserError(
            f"the header of {path} is not {mapping.encoding}: say in the mapping what "
            "its `encoding` is"
        )
    other = (
        lines.groupBy("file")
        .agg(F.min_by(ROW, F.struct("start", "place")).alias("header"))
        .where(F.col("header") != header)
        .select("header")
        .limit(1)
        .collect()
    )
    if other:
        raise UserError(
            f"the files of {path} begin with different headers, such as "
            f"{header.strip()!r} and {other[0][0].strip()!r}: load them one by one"
        )
    return header


def _split(header: str, mapping: Mapping) -> list[str]:
    if mapping.separator == WHITESPACE:
        return header.split()
    doubles = mapping.escape == mapping.quote
    return next(
        csv.reader(
            [header],
            delimiter=mapping.separator,
            quotechar=mapping.quote,
            doublequote=doubles,
            escapechar=None if doubles else mapping.escape,
        )
    )


def _parser(
    width: int, mapping: Mapping
) -> tuple[Column, Column, Callable[[int], Column]]:
    """How a line becomes PARSED, whether that went well, and how to take a piece."""
    from pyspark.sql import functions as F

    parsed = F.col(PARSED)
    if mapping.separator == WHITESPACE:
        return (
            F.split(F.regexp_replace(ROW, r"^\s+|\s+$", ""), r"\s+"),
            F.size(parsed) == width,
            lambda place: F.get(parsed, F.lit(place)),
        )
    schema = ", ".join(f"_{place} string" for place in range(width + 1))
    options = {
        **csv_options(mapping),
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": "bad",
    }
    # A quote that does not close swallows the column that is added at the end.
    line = F.concat(F.col(ROW), F.lit(mapping.separator + END))
    return (
        F.from_csv(line, f"{schema}, bad string", options),
        parsed["bad"].isNull() & parsed[f"_{width}"].eqNullSafe(END),
        lambda place: parsed[f"_{place}"],
    )


def _decoded(raw: Column, encoding: str) -> tuple[Column, Column]:
    """The text of a line, and whether its bytes are of that encoding.

    Raises:
        UserError: Lines of this encoding cannot be told apart byte by byte.
    """
    from pyspark.sql import functions as F

    if encoding in ("utf-8", "utf-8-sig"):
        # A zero byte is right in UTF-8, but in a CSV file it means UTF-16.
        return F.make_valid_utf8(raw), F.is_valid_utf8(raw) & ~raw.contains("\0")
    try:
        table = bytes(range(256)).decode(encoding, "replace")
    except (LookupError, UnicodeDecodeError):
        table = ""
    if len(table) != 256 or not table[:128].isascii():
        raise UserError(
            f"'encoding' is '{encoding}': convert the files to utf-8 first (iconv does "
            "it)"
        )
    # Spark itself knows few encodings; Latin 1 gives each byte a character, and a
    # table turns that into what the byte means here.
    text = F.translate(
        F.decode(raw.cast("binary"), "ISO-8859-1"),
        "".join(map(chr, range(128, 256))),
        table[128:],
    )
    return text, ~text.contains(UNREADABLE)
