"""CSV line by line: text lines, and what a mapping makes of each.

A row is then known to the letter, and a quote that nobody closed costs its own line
only.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
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
    quoted,
    summary,
    tidy,
)
from python_jobs.loader.mapping import WHITESPACE, Mapping

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PARSED = "__parsed"
END = "__end"
INFERENCE = "spark.sql.sources.partitionColumnTypeInference.enabled"
MOST_HEADERS = 20


def read(spark: SparkSession, path: str, mapping: Mapping) -> Input:
    """Look into CSV files whose rows are lines.

    Raises:
        UserError: There is no header, or it is not what the mapping says.
    """
    from pyspark.sql import functions as F

    text, is_readable = _decoded(F.col("value"), codec(mapping.encoding))
    # As text: 017 is no number, and what a folder tells is as good as in a file.
    spark.conf.set(INFERENCE, "false")
    files = spark.read.text(path)
    folders = [name for name in files.columns if name != "value"]
    lines = files.select(
        text.alias(ROW),
        is_readable.alias("__is_readable"),
        F.col("_metadata.file_path").alias("__file"),
        F.col("_metadata.file_block_start").alias("__start"),
        F.monotonically_increasing_id().alias("__place"),
        *map(quoted, folders),
    ).where(F.trim(ROW) != "")
    headers = [] if mapping.header else _headers(lines, path, mapping)
    if len(headers) > 1:
        return _by_header(lines, headers, folders, mapping)
    columns, twice = named(mapping.header or _split(headers[0].text, mapping))
    if headers:
        lines = lines.where(F.col(ROW) != headers[0].text)
    count, digest, is_one_file = summary(lines, F.col("__file"), *map(quoted, folders))
    return Input(
        _columns(lines, columns, folders, mapping, is_one_file),
        [*columns, *_others(folders, columns)],
        count,
        f"{digest} {_digest(headers)}" if headers else digest,
        twice=twice,
    )


@dataclass(frozen=True)
class Header:
    """A line that some files begin with.

    Attributes:
        text: The line.
        file: One of the files.
    """

    text: str
    file: str

    def columns(self, mapping: Mapping) -> tuple[list[str], dict[str, list[int]]]:
        """The names in it, and where one stands twice."""
        return named(_split(self.text, mapping))


def _by_header(
    lines: DataFrame, headers: list[Header], folders: list[str], mapping: Mapping
) -> Input:
    """Files with other columns, or with the same in another order: told by name."""
    from pyspark.sql import functions as F

    begins = _first_lines(lines).select("__file", "__header")
    headed = lines.join(F.broadcast(begins), "__file")
    headed = headed.where(F.col(ROW) != F.col("__header"))
    count, digest, _ = summary(headed, F.col("__file"), *map(quoted, folders))
    parts, twice, lacking = [], {}, {}
    every: dict[str, str] = {}
    for header in headers:
        columns, doubled = header.columns(mapping)
        twice |= doubled
        for name in columns:
            every.setdefault(name.lower(), name)
        own = headed.where(F.col("__header") == header.text)
        parts.append(_columns(own, columns, folders, mapping, is_one_file=False))
    for header in headers:
        there = {name.lower() for name in header.columns(mapping)[0]}
        lacking |= dict.fromkeys(every.keys() - there, header.file)
    return Input(
        reduce(lambda a, b: a.unionByName(b, allowMissingColumns=True), parts),
        [*every.values(), *_others(folders, every.values())],
        count,
        f"{digest} {_digest(headers)}",
        twice=twice,
        lacking=lacking,
    )


def _others(folders: list[str], columns: Iterable[str]) -> list[str]:
    """What folders tell and the files do not."""
    there = {name.lower() for name in columns}
    return [name for name in folders if name.lower() not in there]


def _digest(headers: list[Header]) -> str:
    """The same rows below other names are another content."""
    texts = "\n".join(sorted(header.text for header in headers))
    return hashlib.sha256(texts.encode()).hexdigest()[:16]


def _columns(
    lines: DataFrame,
    columns: list[str],
    folders: list[str],
    mapping: Mapping,
    is_one_file: bool,
) -> DataFrame:
    """The columns of lines that have the same ones, and those of their folders."""
    from pyspark.sql import functions as F

    parse, is_whole, field = _parser(len(columns), mapping)
    misshapen = f"has not the {len(columns)} columns that it should have"
    if mapping.separator != WHITESPACE:
        misshapen += ", or a quote does not close (`multiline: true`?)"
    problem = F.when(
        ~F.col("__is_readable"), f"is not {mapping.encoding}: another encoding?"
    ).when(~is_whole, misshapen)
    # Parsed in a step of its own: once a row, however many columns ask for a piece.
    return lines.withColumn(PARSED, parse).select(
        *(tidy(field(place)).alias(name) for place, name in enumerate(columns)),
        *map(quoted, _others(folders, columns)),
        ROW,
        # The first piece of a file is the only one that knows where it begins.
        F.when(
            F.lit(is_one_file) & (F.col("__start") == 0), F.col("__place") + 1
        ).alias(NUMBER),
        problem.alias(PROBLEM),
    )


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


def _first_lines(lines: DataFrame) -> DataFrame:
    """One row per file: the line that it begins with, and whether that can be read."""
    from pyspark.sql import functions as F

    place = F.struct("__start", "__place")
    return (
        lines.where(F.col("__start") == 0)
        .groupBy("__file")
        .agg(
            F.min_by(ROW, place).alias("__header"),
            F.min_by("__is_readable", place).alias("__is_readable"),
        )
    )


def _headers(lines: DataFrame, path: str, mapping: Mapping) -> list[Header]:
    """The lines that the files begin with, each once.

    Raises:
        UserError: There is none, one cannot be read, or there are so many that they are
            no headers.
    """
    from pyspark.sql import functions as F

    found = (
        _first_lines(lines)
        .groupBy("__header")
        .agg(
            F.min("__file").alias("__file"),
            F.min("__is_readable").alias("__is_readable"),
        )
        .orderBy("__file")
        .limit(MOST_HEADERS + 1)
        .collect()
    )
    if not found:
        raise UserError(f"{path} is empty")
    for row in found:
        if not row["__is_readable"]:
            raise UserError(
                f"the header of {path} is not {mapping.encoding}: say in the mapping "
                "what its `encoding` is"
            )
    if len(found) > MOST_HEADERS:
        raise UserError(
            f"the files of {path} begin with more than {MOST_HEADERS} different lines, "
            f"such as {found[0]['__header'].strip()!r}: where they have no header, "
            "name the columns in the mapping (`header: [...]`)"
        )
    return [Header(row["__header"], row["__file"]) for row in found]


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
