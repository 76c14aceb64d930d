"""What the files of a source hold, before anybody asks what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_jobs.errors import UserError
from python_jobs.loader import csv_lines, times
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
    from pyspark.sql import DataFrame, SparkSession

BAD = "__bad"
NANOSECONDS = "spark.sql.legacy.parquet.nanosAsLong"
CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PACKED_SUFFIXES = (".gz", ".bz2", ".zst", ".lz4", ".snappy", ".deflate")
# Spark reads these only as whole files: their line breaks are no single bytes.
WIDE_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32")


def read(spark: SparkSession, path: str, mapping: Mapping) -> Input:
    """Look into the files at a path, which Spark's side must be able to read.

    Raises:
        UserError: There are no rows, or they are not what the mapping says.
    """
    if format_of(path, mapping) == "parquet":
        found = _read_parquet(spark, path)
    elif mapping.multiline or csv_lines.codec(mapping.encoding) in WIDE_ENCODINGS:
        found = _read_whole_files(spark, path, mapping)
    else:
        found = csv_lines.read(spark, path, mapping)
    if found.count == 0:
        raise UserError(
            f"{path} holds no rows"
            + (" but a header" if found.columns and not mapping.header else "")
        )
    return found


def format_of(path: str, mapping: Mapping) -> str:
    """What the files are: csv or parquet.

    Raises:
        UserError: Neither the mapping nor their name says it.
    """
    if mapping.format:
        return mapping.format
    name = path.rstrip("/").lower()
    for suffix in PACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    if name.endswith(".parquet"):
        return "parquet"
    if name.endswith(CSV_SUFFIXES):
        return "csv"
    raise UserError(
        f"{path} does not say by its name what it is: add `format: csv` or `format: "
        "parquet` to the mapping"
    )


def _read_parquet(spark: SparkSession, path: str) -> Input:
    from pyspark.sql import functions as F

    files, nanoseconds = _parquet_files(spark, path)
    read_from = files.metadataColumn("_metadata")
    rows = files.select("*", F.to_json(F.struct("*")).alias(ROW))
    count, digest, is_one_file = summary(rows, read_from["file_path"])
    return Input(
        rows.select(
            "*",
            F.when(F.lit(is_one_file), read_from["row_index"] + 1).alias(NUMBER),
            F.lit(None).cast("string").alias(PROBLEM),
        ),
        files.columns,
        count,
        digest,
        nanoseconds=nanoseconds,
    )


def _parquet_files(spark: SparkSession, path: str) -> tuple[DataFrame, str | None]:
    """The files, and what their whole numbers may be: times in nanoseconds.

    Spark reads no such times; it is told to take them for numbers where there are any.
    """
    from pyspark.errors import PySparkException

    spark.conf.set(NANOSECONDS, "false")
    files = spark.read.parquet(path)
    try:
        _ = files.schema
    except PySparkException as error:
        if "NANOS" not in str(error):
            raise
        spark.conf.set(NANOSECONDS, "true")
        # Adjusted to UTC: the same moment everywhere.
        is_moment = "NANOS,true" in str(error).replace(" ", "")
        kind = times.NANOSECOND_MOMENT if is_moment else times.NANOSECOND_CLOCK
        return spark.read.parquet(path), kind
    return files, None


def _read_whole_files(spark: SparkSession, path: str, mapping: Mapping) -> Input:
    from pyspark.sql import functions as F

    if mapping.separator == WHITESPACE:
        raise UserError(
            "`separator: whitespace` and multi-line values do not go together"
        )
    reader = spark.read.options(
        **csv_options(mapping),
        encoding=mapping.encoding,
        multiLine="true",
        header="false" if mapping.header else "true",
    )
    names = mapping.header or reader.csv(path).columns
    if not names:
        raise UserError(f"{path} is empty")
    columns, twice = named(names)
    # Real names, and enforceSchema off: Spark then compares each file's header.
    files = reader.options(
        mode="PERMISSIVE", columnNameOfCorruptRecord=BAD, enforceSchema="false"
    ).csv(
        path,
        schema=", ".join(f"{quoted(name)} string" for name in (*columns, BAD)),
    )
    row = F.coalesce(BAD, F.to_csv(F.struct(*map(quoted, columns))))
    rows = files.withColumn(ROW, row).select(
        *(tidy(F.col(quoted(name))).alias(name) for name in columns),
        ROW,
        F.lit(None).cast("bigint").alias(NUMBER),
        F.when(
            F.col(ROW).contains(UNREADABLE),
            f"is not {mapping.encoding}: another encoding?",
        )
        .when(
            F.col(BAD).isNotNull(),
            f"has not the {len(columns)} columns that it should have",
        )
        .alias(PROBLEM),
    )
    count, digest, _ = summary(rows, F.lit(path))
    return Input(rows, columns, count, digest, twice=twice)
