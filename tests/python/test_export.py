"""`behavior export`: what is in the file, and that there is a whole one or none."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from test_cli import behavior

from python_jobs import export, session
from python_jobs.errors import UserError
from python_jobs.settings import Settings
from python_jobs.sql import FileFormat

ODD_VALUES = """
    select 1 as whole, cast(-1234567.10 as decimal(12, 2)) as exact,
        cast(null as int) as nothing, '' as empty, 'a,"b\nc' as quoted,
        '=1+1' as formula, 'é' as text, true as yes, -0.5D as share,
        date'2024-02-29' as day, timestamp'2024-02-29 12:00:00.25' as `the.moment`,
        map('x', 0.5D) as shares, array(struct(1 as draw, 'y' as why)) as draws
"""


@pytest.fixture(scope="module")
def published(settings: Settings) -> Settings:
    """Two models in the marts, one of which cannot be read to its end."""
    marts = settings.schema("marts")
    for statement in (
        f"create schema {marts}",
        f"create table {marts}.fct_odd_values using delta as {ODD_VALUES}",
        f"create view {marts}.rpt_broken as "
        "select id, 1 / (id - 2999) as part from range(0, 3000, 1, 1)",
    ):
        session.query(settings, statement)
    return settings


def test_a_csv_is_what_excel_opens(published: Settings, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    assert export.export(published, "fct_odd_values", output=file) == (1, file)
    assert file.read_bytes().decode() == (
        "\ufeffwhole,exact,nothing,empty,quoted,formula,text,yes,share,day,the.moment,"
        'shares,draws\n1,-1234567.10,,,"a,""b\nc",\'=1+1,é,true,-0.5,2024-02-29,'
        '2024-02-29 12:00:00.250000,"{""x"":0.5}","[{""draw"":1,""why"":""y""}]"\n'
    )
    [row] = pd.read_csv(file).to_dict("records")
    assert (row["whole"], row["text"]) == (1, "é")


def test_a_parquet_file_keeps_types_and_values(
    published: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "odd.parquet"
    export.export(published, "marts.fct_odd_values", output=file)
    table = parquet.read_table(file)
    assert table.to_pylist() == [
        {
            "whole": 1,
            "exact": Decimal("-1234567.10"),
            "nothing": None,
            "empty": "",
            "quoted": 'a,"b\nc',
            "formula": "=1+1",
            "text": "é",
            "yes": True,
            "share": -0.5,
            "day": date(2024, 2, 29),
            "the.moment": datetime(2024, 2, 29, 12, 0, 0, 250_000, tzinfo=UTC),
            "shares": '{"x":0.5}',
            "draws": '[{"draw":1,"why":"y"}]',
        }
    ]
    assert table.schema.field("exact").type == pa.decimal128(12, 2)
    assert table.schema.field("nothing").type == pa.int32()


@pytest.mark.parametrize("form", FileFormat)
def test_a_table_without_rows_has_its_columns(
    published: Settings, tmp_path: Path, form: FileFormat
) -> None:
    marts = published.schema("marts")
    session.query(published, f"create or replace view {marts}.dim_none as {EMPTY}")
    file = tmp_path / f"none.{form}"
    assert export.export(published, "dim_none", output=file)[0] == 0
    read = {FileFormat.CSV: pd.read_csv, FileFormat.PARQUET: pd.read_parquet}[form]
    assert list(read(file).columns) == ["a", "b"]


EMPTY = "select 1 as a, 'x' as b where false"


@pytest.mark.parametrize("start", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1"])
def test_text_that_a_spreadsheet_would_run_is_defused(
    tmp_path: Path, start: str
) -> None:
    file = tmp_path / "x.csv"
    columns = [export.Column("text", "string"), export.Column("number", "int")]
    export.write_csv(columns, iter([(start, -1)]), file)
    [row] = pd.read_csv(file, lineterminator="\n").to_dict("records")
    assert row["text"].replace("\r\n", "\n").startswith("'")
    assert row["number"] == -1


def test_parquet_is_written_piece_by_piece(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(export, "BATCH_ROWS", 10)
    file = tmp_path / "x.parquet"
    rows = ((number,) for number in range(25))
    export.write_parquet([export.Column("n", "int")], rows, file)
    assert parquet.read_metadata(file).num_row_groups == 3
    assert parquet.read_table(file)["n"].to_pylist() == list(range(25))


@pytest.mark.parametrize("form", FileFormat)
def test_what_fails_leaves_nothing_and_what_was_there_stays(
    published: Settings, tmp_path: Path, form: FileFormat
) -> None:
    file = tmp_path / f"x.{form}"
    with pytest.raises(UserError, match=r"^\[DIVIDE_BY_ZERO\]"):
        export.export(published, "rpt_broken", output=file)
    assert list(tmp_path.iterdir()) == []
    file.write_text("before")
    with pytest.raises(UserError, match=r"^\[DIVIDE_BY_ZERO\]"):
        export.export(published, "rpt_broken", output=file, force=True)
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_text() == "before"


def test_a_file_is_replaced_by_force_only(published: Settings, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("before")
    with pytest.raises(UserError) as refused:
        export.export(published, "fct_odd_values", output=file)
    assert str(refused.value) == (
        f"{file} exists: --force replaces it, --output names another"
    )
    assert file.read_text() == "before"
    export.export(published, "fct_odd_values", output=file, force=True)
    assert file.read_text(encoding="utf-8-sig").startswith("whole,")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("fct_od_values", "there is no model fct_od_values: did you mean fct_odd_valu"),
        ("marts.fct_odd_value", "there is no model marts.fct_odd_value: did you mean"),
        (
            "zzz",
            'there is no model zzz: `behavior sql "show tables in {marts}"` lists what '
            "there is",
        ),
        (
            "no'such.zzz",
            "there is no model no'such.zzz: `behavior sql \"show tables in ",
        ),
    ],
)
def test_a_wrong_name_gets_the_nearest(
    published: Settings, tmp_path: Path, model: str, message: str
) -> None:
    with pytest.raises(UserError) as refused:
        export.export(published, model, output=tmp_path / "x.csv")
    text = str(refused.value)
    assert text.startswith(message.format(marts=published.schema("marts")))
    assert "\n" not in text


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("", " is a folder: name a file with --output"),
        ("no/such/x.csv", " cannot be written: No such file or directory"),
    ],
)
def test_a_path_that_cannot_be_a_file_is_named(
    published: Settings, tmp_path: Path, output: str, message: str
) -> None:
    path = tmp_path / output
    with pytest.raises(UserError) as refused:
        export.export(published, "fct_odd_values", output=path)
    assert str(refused.value) == f"{path}{message}"


def test_the_command_says_how_much_and_where(
    published: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {
        **os.environ,
        "BEHAVIOR_HOME": str(published.home),
        "BEHAVIOR_THRIFT_PORT": str(published.thrift_port),
        "BEHAVIOR_CONNECT_PORT": str(published.connect_port),
        "BEHAVIOR_SCHEMA_PREFIX": published.schema_prefix,
    }
    for arguments, file in (
        ([], "fct_odd_values.csv"),
        (["--format", "parquet"], "fct_odd_values.parquet"),
        (["--output", "other.parquet"], "other.parquet"),
    ):
        done = behavior("export", "fct_odd_values", *arguments, env=environment)
        assert (done.returncode, done.stderr) == (0, "Rows: 1\n")
        assert done.stdout == f"{file}\n"
        assert (tmp_path / file).stat().st_size > 0
    assert parquet.read_metadata("other.parquet").num_rows == 1
