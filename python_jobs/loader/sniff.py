"""What a file really is, by its first bytes: names and mappings may say otherwise."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from python_jobs.errors import UserError
from python_jobs.loader import csv_lines

HEAD = 512
# Spark reads these by their names' endings.
PACKED = {
    b"\x1f\x8b": ("gzip", ".gz"),
    b"BZh": ("bzip2", ".bz2"),
    b"\x28\xb5\x2f\xfd": ("Zstandard", ".zst"),
}
# Longest first: UTF-32's begins with UTF-16's.
MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ZIP = b"PK\x03\x04"
PARQUET = b"PAR1"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MARKUP = re.compile(rb"^\s*(<!doctype html|<html|<\?xml)", re.IGNORECASE)
JSON = re.compile(rb"^\s*(\[\s*)?\{\s*\"")


def check(path: str, format_: str, encoding: str) -> None:
    """Refuse local files that are something else than the mapping says.

    Args:
        path: A file, a folder or a glob. What is not of this machine is left alone.
        format_: csv or parquet.
        encoding: What csv files are said to be written in.

    Raises:
        UserError: One is; what it is, and what to do.
    """
    for file in _files(path):
        with file.open("rb") as opened:
            head = opened.read(HEAD)
        if fault := _fault(file, head, format_, encoding):
            raise UserError(f"{file} is {fault}")


def _files(path: str) -> Iterator[Path]:
    """The files that Spark would read: none that begins with a point or _."""
    found = Path(path)
    if found.is_file():
        return iter([found])
    if found.is_dir():
        files = (file for file in found.rglob("*") if file.is_file())
        inside = ((file, file.relative_to(found).parts) for file in files)
        return (f for f, parts in inside if not any(p[0] in "._" for p in parts))
    anchor = found.anchor or "."
    pattern = str(found.relative_to(anchor)) if found.anchor else path
    if re.search(r"[{}\\]", pattern) or "//" in path:
        return iter(())
    try:
        files = list(Path(anchor).glob(pattern))
    except ValueError:
        # Such as **.csv: for the engine to say.
        return iter(())
    return (file for file in files if file.is_file() and file.name[0] not in "._")


def _fault(file: Path, head: bytes, format_: str, encoding: str) -> str | None:
    """What a file is instead of what it should be, None where it may be right."""
    if format_ == "parquet":
        if head.startswith(PARQUET) or not head:
            return None
        return f"no Parquet file: it begins with {head[:20]!r}; say `format: csv`?"
    for magic, (name, ending) in PACKED.items():
        if head.startswith(magic) and file.suffix.lower() != ending:
            return f"packed by {name}: rename it so that it ends in {ending}"
    if head.startswith(PARQUET):
        return "a Parquet file: say `format: parquet`"
    if head.startswith(ZIP):
        return _archive(file)
    if head.startswith(OLD_OFFICE):
        return "an old Excel workbook: save the sheet as CSV (UTF-8) and load that"
    for mark, name in MARKS.items():
        if head.startswith(mark):
            said = csv_lines.codec(encoding)
            return None if said.startswith(name) else f"{name}: say `encoding: {name}`"
    if MARKUP.match(head):
        return "a page of HTML or XML, not a table: was a login page saved instead?"
    if JSON.match(head):
        return "JSON, not a table: make CSV or Parquet of it first"
    return None


def _archive(file: Path) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return "a zip archive that is damaged"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook: save the sheet as CSV (UTF-8) and load that"
    return f"a zip archive with {len(names)} files: unpack it and load those"
