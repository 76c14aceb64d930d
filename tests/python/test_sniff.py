"""What a file really is: said before it is read as something else."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from python_jobs.errors import UserError
from python_jobs.loader import sniff

CSV = b"id,who\n1,a\n"


def refused(path: Path, format_: str = "csv", encoding: str = "utf-8") -> str:
    with pytest.raises(UserError) as error:
        sniff.check(str(path), format_, encoding)
    said = str(error.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress(CSV), "packed by gzip: rename it so that it ends in .gz"),
        (b"PAR1...", "a Parquet file: say `format: parquet`"),
        (CSV.decode().encode("utf-16"), "is utf-16: say `encoding: utf-16`"),
        (CSV.decode().encode("utf-32"), "is utf-32: say `encoding: utf-32`"),
        (b"\n<!DOCTYPE html><title>Sign in</title>", "a page of HTML or XML"),
        (b'[ {"id": 1}]', "JSON, not a table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "an old Excel workbook"),
        (b"PK\x03\x04rest", "a zip archive that is damaged"),
    ],
)
def test_what_is_no_text_of_a_table_is_named(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    assert says in refused(file)


def test_a_workbook_is_told_from_another_archive(tmp_path: Path) -> None:
    for name, inside, says in (
        ("a.csv", "xl/workbook.xml", "an Excel workbook: save the sheet as CSV"),
        ("b.csv", "january.csv", "a zip archive with 1 files: unpack it"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(inside, "x")
        assert says in refused(tmp_path / name)


def test_parquet_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(CSV)
    assert "no Parquet file: it begins with b'id,who" in refused(file, "parquet")


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("a.csv", CSV, "utf-8"),
        ("a.csv", b"", "utf-8"),
        ("a.csv", b"\xef\xbb\xbf" + CSV, "utf-8"),
        ("a.csv.gz", gzip.compress(CSV), "utf-8"),
        ("a.csv", CSV.decode().encode("utf-16"), "utf-16"),
        ("a.csv", CSV.decode().encode("utf-16"), "UTF_16_LE"),
        ("a.csv", "größe\n".encode("latin-1"), "latin-1"),
    ],
)
def test_what_may_be_right_is_left_to_the_reader(
    tmp_path: Path, name: str, content: bytes, encoding: str
) -> None:
    (tmp_path / name).write_bytes(content)
    sniff.check(str(tmp_path / name), "csv", encoding)


def test_each_file_of_a_folder_or_a_glob_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "year=2024").mkdir()
    (tmp_path / "year=2024" / "good.csv").write_bytes(CSV)
    (tmp_path / "_SUCCESS").write_bytes(b"PAR1")
    (tmp_path / ".hidden.csv").write_bytes(b"PAR1")
    sniff.check(str(tmp_path), "csv", "utf-8")
    bad = tmp_path / "year=2024" / "bad.csv"
    bad.write_bytes(b"PAR1")
    for path in (tmp_path, tmp_path / "*" / "*.csv", tmp_path / "year=*" / "b?d.csv"):
        assert refused(path).startswith(f"{bad} is a Parquet file")
    # Not of this machine, and nothing at all: for the engine to say.
    sniff.check("s3a://bucket/a.csv", "csv", "utf-8")
    sniff.check(str(tmp_path / "none.csv"), "csv", "utf-8")
