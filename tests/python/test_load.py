"""The loader: whatever a file holds is loaded, rejected with a reason, or refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from python_jobs import load, raw
from python_jobs.errors import UserError
from python_jobs.loader import inputs, mapping
from python_jobs.loader.frames import ROW
from python_jobs.loader.ids import identified
from python_jobs.loader.mapping import Mapping
from python_jobs.loader.numbers import LOOKS_LIKE as NUMBER_LIKE
from python_jobs.loader.parse import DETAIL, REASON, parse
from python_jobs.loader.times import HAS_TIME, LOOKS_LIKE
from python_jobs.settings import Settings

COLUMNS = "customer_id: who, transacted_at: when, amount: money"
Parsed = tuple[list[Row], dict[str, str]]


def mapping_of(columns: str = COLUMNS, *further: str) -> Mapping:
    """A mapping of transactions with these columns and further keys."""
    return mapping.parse(
        "\n".join(["kind: transactions", f"columns: {{{columns}}}", *further])
    )


def write(folder: Path, content: str | bytes, name: str = "lines.csv") -> str:
    """A file with this content; its path."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(file)


@pytest.fixture
def parsed(spark: SparkSession, tmp_path: Path) -> Callable[..., Parsed]:
    """Parses content without loading it: the good rows, and reasons by row."""

    def parsed(
        content: str | bytes, mapped: Mapping | None = None, shop_zone: str = "UTC"
    ) -> Parsed:
        path = write(tmp_path, content)
        mapped = mapped or mapping_of()
        rows = parse(inputs.read(spark, path, mapped), mapped, shop_zone).rows.collect()
        good = [row for row in rows if row[REASON] is None]
        return good, {row[ROW]: row[DETAIL] for row in rows if row[REASON]}

    return parsed


@pytest.fixture(scope="module")
def visible(spark: SparkSession, settings: Settings) -> Callable[[str], DataFrame]:
    """Reads a raw table as staging does: the rows of published batches."""

    def visible(table: str) -> DataFrame:
        batches = spark.table(f"{settings.schema('raw')}.batches").select("_batch_id")
        rows = spark.table(f"{settings.schema('raw')}.{table}")
        return rows.join(batches, "_batch_id", how="left_semi")

    return visible


# ---------- the purchase log of CDNOW


@pytest.fixture(scope="module")
def log(spark: SparkSession, settings: Settings) -> load.Loaded:
    """CDNOW, loaded."""
    return load.load(spark, settings, *load.example("cdnow"))


def test_cdnow_is_loaded_to_the_cent(
    log: load.Loaded, visible: Callable[[str], DataFrame]
) -> None:
    path, _ = load.example("cdnow")
    written = [line.split() for line in Path(path).read_text().splitlines()[1:]]
    expected = Counter(
        (who, datetime.strptime(day, "%Y%m%d"), int(pieces), Decimal(money))
        for who, day, pieces, money in written
    )
    rows = visible("transactions").where(F.col("_batch_id") == log.batch_id)
    loaded = rows.select("customer_id", "transacted_at", "quantity", "amount")
    assert Counter(map(tuple, loaded.collect())) == expected
    assert sum(expected.values()) == 69_659
    total, ids, free = rows.agg(
        F.sum("amount"),
        F.count_distinct("transaction_id"),
        F.count_if(F.col("amount") == 0),
    ).collect()[0]
    assert (total, ids, free) == (Decimal("2500315.63"), 69_659, 80)
    assert rows.where("_has_time_of_day").isEmpty()


def test_cdnow_brings_its_customers(
    log: load.Loaded, visible: Callable[[str], DataFrame]
) -> None:
    transactions, customers = log.batches
    assert (transactions.kind, transactions.rows_in) == ("transactions", 69_659)
    assert (transactions.rows_raw, transactions.rows_rejected) == (69_659, 0)
    assert (customers.kind, customers.rows_raw) == ("customers", 23_570)
    rows = visible("customers").where(F.col("_batch_id") == customers.batch_id)
    counts = rows.agg(
        F.count_distinct("customer_id"), F.count("registration_date"), F.count("age")
    )
    assert tuple(counts.collect()[0]) == (23_570, 0, 0)


def test_the_same_file_twice_is_one_line(
    spark: SparkSession, settings: Settings, log: load.Loaded
) -> None:
    before = commits(settings)
    again = load.load(spark, settings, *load.example("cdnow"))
    assert again.batches == []
    assert again.lines == [f"{again.source} is already loaded as batch {log.batch_id}"]
    assert commits(settings) == before


def test_a_word_that_was_corrected_can_be_taken_back(
    spark: SparkSession,
    settings: Settings,
    visible: Callable[[str], DataFrame],
    tmp_path: Path,
) -> None:
    """The same file again, after another has said otherwise of one of its lines."""
    mapped = mapping_of(f"{COLUMNS}, transaction_id: id", "customers: separate")

    def loaded(name: str, lines: str) -> load.Loaded:
        path = write(tmp_path, f"id,who,when,money\n{lines}", name)
        return load.load(spark, settings, path, mapped)

    def last_word() -> str:
        rows = visible("transactions").where("transaction_id = 'v1'")
        return str(rows.selectExpr("max_by(amount, _batch_id)").collect()[0][0])

    first = "v1,a,2024-03-05,10\nv2,a,2024-03-05,7\n"
    loaded("first.csv", first)
    # Another file, and one that says the same: the first is loaded as it was.
    loaded("next.csv", "v3,a,2024-03-06,1\n")
    loaded("more.csv", "v2,a,2024-03-05,7\nv4,a,2024-03-06,1\n")
    assert loaded("first.csv", first).batches == []
    loaded("corrected.csv", "v1,a,2024-03-05,99\n")
    assert last_word() == "99.00"
    last = loaded("first.csv", first)
    assert load.WITHOUT_IDS not in last.lines
    [again] = last.batches
    assert (again.rows_raw, last_word()) == (2, "10.00")
    assert loaded("first.csv", first).batch_id == again.batch_id


def commits(settings: Settings) -> set[Path]:
    """Every commit to the raw tables."""
    raw_tables = settings.home / "warehouse" / f"{settings.schema('raw')}.db"
    found = set(raw_tables.glob("*/_delta_log/*.json"))
    assert found
    return found


def test_an_example_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no example 'iris': there is cdnow"):
        load.example("iris")
    monkeypatch.setattr(load, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="package lifetimes, which is not installed"):
        load.example("cdnow")


# ---------- rows that do not parse

FAULTS = {
    "C1,2024-01-01": "the row has not the 4 columns",
    "C1,2024-01-01,5,x,y": "the row has not the 4 columns",
    'C1,2024-01-01,5,"never closed': "a quote does not close",
    ",,,": "transacted_at: nothing in when; amount: nothing in money",
    "C1,,5,": "transacted_at: nothing in when",
    "C1,12345,5,": "transacted_at: '12345' in when is not a date or time in ISO 8601 "
    "(say its `format`)",
    "C1,1714550400000,5,": "in ISO 8601 (say its `format`: `epoch_ms`?)",
    "C1,01/02/2024,5,": "(say its `format`: `dd/MM/yyyy` or `MM/dd/yyyy`?)",
    "C1,2024-02-30,5,": "transacted_at: '2024-02-30' in when",
    "C1,2024,5,": "transacted_at: '2024' in when",
    "C1,T10:00,5,": "transacted_at: 'T10:00' in when",
    "C1,2024-01-01,,": "amount: nothing in money",
    "C1,2024-01-01, ,": "amount: nothing in money",
    "C1,2024-01-01,five,": "amount: 'five' in money is not a number",
    'C1,2024-01-01,"1,5",': "in money is not a number that fits decimal(12,2) (say "
    "`decimal: ','`?)",
    "C1,2024-01-01,$5,": "amount: '$5' in money is not a number",
    "C1,2024-01-01,NaN,": "amount: 'NaN' in money is not a number",
    "C1,2024-01-01,-Infinity,": "amount: '-Infinity' in money is not a number",
    "C1,2024-01-01,1e400,": "amount: '1e400' in money",
    "C1,2024-01-01,1e-999999999,": "amount: '1e-999999999' in money",
    "C1,2024-01-01,1e2147483647,": "amount: '1e2147483647' in money",
    "C1,2024-01-01,9999999999.995,": "fits decimal(12,2)",
    "C1,2024-01-01,5,2.5": "quantity: '2.5' in pieces is not a whole number",
    "C1,2024-01-01,5,99999999999": "quantity: '99999999999' in pieces",
    "C1,abc,x,y": (
        "transacted_at: 'abc' in when is not a date or time in ISO 8601 (say its "
        "`format`); amount: 'x' in money is not a number that fits decimal(12,2); "
        "quantity: 'y' in pieces is not a whole number"
    ),
}
GOOD = {
    "C1,2024-01-01,-0.0,": "0.00",
    "C2,2024-1-5 10:30,1.005,3": "1.01",
    "C3,2024-01-01T10:00:00Z,-1.005,2.0": "-1.01",
    '"C4","2024-01-01","1e2",""': "100.00",
    ",2024-01-01,9999999999.99,1": "9999999999.99",
    " C5 , 2024-01-01 , +.5 , 1 ": "0.50",
}


def test_rows_that_do_not_parse_are_rejected_with_a_reason(
    spark: SparkSession,
    settings: Settings,
    visible: Callable[[str], DataFrame],
    tmp_path: Path,
) -> None:
    lines = ["who,when,money,pieces", *FAULTS, "", *GOOD]
    path = write(tmp_path, "\r\n".join(lines))
    done = load.load(spark, settings, path, mapping_of(f"{COLUMNS}, quantity: pieces"))
    batch = done.batches[0]
    assert batch.rows_in == len(FAULTS) + len(GOOD)
    assert (batch.rows_raw, batch.rows_rejected) == (len(GOOD), len(FAULTS))
    assert f"{len(FAULTS)} rows rejected" in done.lines[0]

    here = F.col("_batch_id") == batch.batch_id
    rejected = visible("rejects").where(here).collect()
    rejects = {row.row_text: row.detail for row in rejected}
    assert rejects.keys() == FAULTS.keys()
    assert all(lines[row.row_number - 1] == row.row_text for row in rejected)
    for text, reason in FAULTS.items():
        assert reason in rejects[text], text
    # One word each; of several faults of a row the first.
    assert Counter(row.reason for row in rejected) == {
        "row_misshapen": 3,
        "transacted_at_not_a_time": 7,
        "transacted_at_missing": 2,
        "amount_missing": 2,
        "amount_not_a_number": 9,
        "quantity_not_whole": 2,
    }
    assert [line for line in done.lines if line.startswith("  ")] == [
        "  9 amount_not_a_number, such as: amount: '$5' in money is not a number that "
        "fits decimal(12,2) (say `strip: '...'`?)",
        "  7 transacted_at_not_a_time, such as: transacted_at: '01/02/2024' in when is "
        "not a date or time in ISO 8601 (say its `format`: `dd/MM/yyyy` or "
        "`MM/dd/yyyy`?)",
        "  3 row_misshapen, such as: the row has not the 4 columns that it should "
        "have, or a quote does not close (`multiline: true`?)",
        "  and rarer reasons",
    ]
    rows = visible("transactions").where(here).collect()
    assert sorted(str(row.amount) for row in rows) == sorted(GOOD.values())
    assert {row.customer_id for row in rows} == {None, "C1", "C2", "C3", "C4", "C5"}
    # The row without a customer is for quarantine to tell of; it makes no customer.
    assert done.batches[1].rows_raw == 5


# ---------- input that is refused

HEADER = "who,when,money\n"
ROWS = "C1,2024-01-01,5\nC2,2024-01-02,6\n"
REFUSED: dict[str, tuple[bytes | str, str, Mapping, str]] = {
    "empty file": ("", "a.csv", mapping_of(), "is empty"),
    "blank lines": ("\n \n", "a.csv", mapping_of(), "is empty"),
    "header only": (HEADER, "a.csv", mapping_of(), "holds no rows but a header"),
    "no rows": (
        "",
        "a.csv",
        mapping_of(COLUMNS, "header: [who, when, money]"),
        "no rows",
    ),
    "missing column": (
        "who,when,total\nC1,2024-01-01,5\n",
        "a.csv",
        mapping_of(),
        "amount: there is no column 'money'; there are who, when, total",
    ),
    "missing mark": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS, "returns: {column: type, equals: R}"),
        "returns: there is no column 'type'",
    ),
    "column twice": (
        "who,when,money,Money\nC1,2024-01-01,5,5\n",
        "a.csv",
        mapping_of(),
        "amount: the column 'money' stands twice in the header, as number 3 and 4",
    ),
    "bad expression": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS + ", quantity: {expression: 'money +'}"),
        "quantity: the expression 'money +' is no SQL over the columns who, when",
    ),
    "unknown name in expression": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS + ", quantity: {expression: 'pieces + 1'}"),
        "`pieces` cannot be resolved",
    ),
    "bad condition": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS, "where: shop = 'north'"),
        "where: the expression \"shop = 'north'\" is no SQL over the columns who",
    ),
    "more rows than there are": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS + ", product_category: {expression: 'explode(array(1))'}"),
        "product_category: the expression 'explode(array(1))' is no SQL over",
    ),
    "no row that is meant": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS, "where: who = 'C9'"),
        "is meant: is `where` right?",
    ),
    "aggregate": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS + ", quantity: {expression: 'sum(money)'}"),
        "quantity: the expression 'sum(money)' is no SQL",
    ),
    "expression that aborts": (
        "who,when,money\nC1,2024-01-01,x\n",
        "a.csv",
        mapping_of(COLUMNS + ", quantity: {expression: 'cast(money as int)'}"),
        "The value 'x' of the type",
    ),
    "dates of another format": (
        "who,when,money\nC1,31.01.2024,5\n",
        "a.csv",
        mapping_of(),
        "can be used; the first: transacted_at: '31.01.2024' in when is not a date",
    ),
    "latin 1 header": (
        "größe,who,when,money\n".encode("latin-1"),
        "a.csv",
        mapping_of(),
        "is not utf-8: say in the mapping what its `encoding` is",
    ),
    "utf-16 as utf-8": (
        (HEADER + ROWS).encode("utf-16"),
        "a.csv",
        mapping_of(),
        "is utf-16: say `encoding: utf-16`",
    ),
    "utf-16 without a mark": (
        (HEADER + ROWS).encode("utf-16-le"),
        "a.csv",
        mapping_of(),
        "is not utf-8",
    ),
    "unknown encoding": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS, "encoding: utf-7.5"),
        "no such encoding is known",
    ),
    "multi-byte encoding": (
        HEADER + ROWS,
        "a.csv",
        mapping_of(COLUMNS, "encoding: shift_jis"),
        "convert the files to utf-8 first",
    ),
    "unknown format": (HEADER + ROWS, "a.dat", mapping_of(), "add `format: csv`"),
    "packed file that is none": (
        "no gzip",
        "a.csv.gz",
        mapping_of(),
        "cannot be read: it is damaged, or of another format",
    ),
    "text as parquet": (
        HEADER + ROWS,
        "a.parquet",
        mapping_of(),
        "is no Parquet file",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_and_nothing_is_written(
    case: str,
    spark: SparkSession,
    settings: Settings,
    tmp_path: Path,
    log: load.Loaded,
) -> None:
    content, name, mapped, says = REFUSED[case]
    before = commits(settings)
    with pytest.raises(UserError) as error:
        load.load(spark, settings, write(tmp_path, content, name), mapped)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert commits(settings) == before


def test_no_file_is_one_line(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    for name in ("none.csv", "none.parquet", "none*.csv"):
        with pytest.raises(UserError, match="the engine finds no file /"):
            load.load(spark, settings, str(tmp_path / name), mapping_of())
    (tmp_path / "empty.parquet").mkdir()
    with pytest.raises(UserError, match="holds no files to read"):
        load.load(spark, settings, str(tmp_path / "empty.parquet"), mapping_of())


def test_a_damaged_parquet_file_is_one_line(
    spark: SparkSession, settings: Settings, tmp_path: Path, log: load.Loaded
) -> None:
    folder = tmp_path / "whole.parquet"
    spark.sql(
        "select string(id) as who, date'2024-01-01' as when, id as money "
        "from range(1000)"
    ).coalesce(1).write.parquet(str(folder))
    (part,) = folder.glob("*.parquet")
    content = part.read_bytes()
    before = commits(settings)
    # Without its footer, and with a footer whose pages are gone.
    for damaged in (
        content[: len(content) // 2],
        content[:4] + b"\0" * 2000 + content[2004:],
    ):
        path = write(tmp_path, damaged, "damaged.parquet")
        with pytest.raises(UserError, match="cannot be read") as error:
            load.load(spark, settings, path, mapping_of())
        assert "\n" not in str(error.value)
    assert commits(settings) == before


def test_files_are_read_by_the_names_of_their_columns(
    spark: SparkSession, tmp_path: Path
) -> None:
    """In another order, with more columns, and with other letters' case."""
    write(tmp_path, "who,when,money\na,2024-01-05,10\n", "a.csv")
    write(tmp_path, 'Money,note,when,who\n20,"x, y",2024-02-05,b\n', "b.csv")
    found = inputs.read(spark, f"{tmp_path}/*.csv", mapping_of())
    assert found.count == 2
    rows = parse(found, mapping_of(), "UTC").rows.orderBy("customer_id").collect()
    assert [(row.customer_id, str(row.amount), row[REASON]) for row in rows] == [
        ("a", "10.00", None),
        ("b", "20.00", None),
    ]
    noted = mapping_of(f"{COLUMNS}, product_category: note")
    with pytest.raises(UserError, match=r"there is no column 'note' in .*/a\.csv$"):
        parse(found, noted, "UTC")
    # The same rows below other names are another content.
    write(tmp_path, "who,when,money\nc,2024-01-05,10\n", "one.txt")
    write(tmp_path, "money,when,who\nc,2024-01-05,10\n", "other.txt")
    one, other = (
        inputs.read(spark, str(tmp_path / name), mapping_of())
        for name in ("one.txt", "other.txt")
    )
    assert one.digest != other.digest


def test_files_without_a_header_are_not_taken_for_many(
    spark: SparkSession, tmp_path: Path
) -> None:
    for number in range(21):
        write(tmp_path, f"C{number},2024-01-01,5\n", f"{number}.csv")
    with pytest.raises(UserError, match="begin with more than 20 different lines"):
        inputs.read(spark, f"{tmp_path}/*.csv", mapping_of())


def test_a_name_that_stands_twice_matters_only_where_it_is_mapped(
    parsed: Callable[..., Parsed],
) -> None:
    content = "who,when,money,note,Note\na,2024-03-05,10,x,y\n"
    good, _ = parsed(content)
    assert [row.customer_id for row in good] == ["a"]
    good, _ = parsed(content, mapping_of(f"{COLUMNS}, product_category: _c4"))
    assert [row.product_category for row in good] == ["y"]
    with pytest.raises(UserError, match=r"'note' stands twice .* number 4 and 5"):
        parsed(content, mapping_of(f"{COLUMNS}, product_category: note"))


def test_folders_tell_columns(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "lines"
    write(folder / "year=2024" / "month=3", "who,money\na,10\n", "part.csv")
    write(folder / "year=2023" / "month=12", "who,money\nb,20\n", "part.csv")
    mapped = mapping_of(
        "customer_id: who, amount: money, "
        'transacted_at: {expression: "make_date(year, month, 1)"}',
        "format: csv",
    )
    found = inputs.read(spark, str(folder), mapped)
    rows = parse(found, mapped, "UTC").rows.orderBy("customer_id").collect()
    assert [str(row.transacted_at.date()) for row in rows] == [
        "2024-03-01",
        "2023-12-01",
    ]


# ---------- what a file may look like


def test_csv_as_others_write_it(parsed: Callable[..., Parsed]) -> None:
    good, rejects = parsed(
        "\ufeff,who,When ,mo.ney,no`te\n"
        '0,"a ""b"", c", 2024-01-01 ,5,"x, y"\n'
        '1,7" pipe,2024-01-01,6,\n'
        ",who,When ,mo.ney,no`te\n"
        "\n"
        "2,#c,2024-01-01,7,\\\n",
        mapping_of(
            "customer_id: who, transacted_at: when, amount: mo.ney, "
            "product_category: no`te, payment_method: _c0"
        ),
    )
    assert rejects == {}
    assert [
        (row.customer_id, str(row.amount), row.product_category, row.payment_method)
        for row in good
    ] == [
        ('a "b", c', "5.00", "x, y", "0"),
        ('7" pipe', "6.00", None, "1"),
        ("#c", "7.00", "\\", "2"),
    ]


def test_a_file_without_a_header(parsed: Callable[..., Parsed]) -> None:
    good, _ = parsed(
        "C1;2024-01-01;'a;\\'b'\n",
        mapping_of(
            "customer_id: a, transacted_at: b, amount: {constant: 5}, "
            "payment_method: c",
            "header: [a, b, c]",
            "separator: ';'",
            'quote: "\'"',
            "escape: '\\'",
        ),
    )
    assert good[0].payment_method == "a;'b"


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16"])
def test_encodings(encoding: str, parsed: Callable[..., Parsed]) -> None:
    text = "größe,who,when,money\n€,C1,2024-01-01,5\n"
    good, _ = parsed(
        text.encode(encoding),
        mapping_of(f"{COLUMNS}, product_category: größe", f"encoding: {encoding}"),
    )
    assert good[0].product_category == "€"


def test_rows_of_another_encoding_are_rejected(parsed: Callable[..., Parsed]) -> None:
    content = f"{HEADER}{ROWS}Zoë,2024-01-01,5\n".encode("latin-1")
    good, rejects = parsed(content)
    assert len(good) == 2
    assert rejects == {
        "Zo\ufffd,2024-01-01,5": "the row is not utf-8: another encoding?"
    }


def test_values_of_several_lines(parsed: Callable[..., Parsed]) -> None:
    content = (
        "who,when,money,note\r\n"
        'C1,2024-01-01,5,"one\r\ntwo, three"\r\n'
        "C2,2024-01-01\r\n"
        "C3,2024-01-01,x,\r\n"
    )
    columns = f"{COLUMNS}, product_category: note"
    good, rejects = parsed(content, mapping_of(columns, "multiline: true"))
    assert [row.product_category for row in good] == ["one\ntwo, three"]
    assert rejects == {
        "C2,2024-01-01": "the row has not the 4 columns that it should have",
        "C3,2024-01-01,x,": (
            "amount: 'x' in money is not a number that fits decimal(12,2)"
        ),
    }
    # Without it such a value is never taken for half of itself.
    good, rejects = parsed(content, mapping_of(columns, "customers: separate"))
    assert good == []
    assert len(rejects) == 4


def test_times_and_their_zones(parsed: Callable[..., Parsed]) -> None:
    def times(of: str, *values: str) -> list[str]:
        lines = "".join(f"C1,{value},5\n" for value in values)
        good, rejects = parsed(
            HEADER + lines, mapping_of(COLUMNS.replace("when", f"{{column: when{of}}}"))
        )
        assert rejects == {}
        return [row.transacted_at.isoformat(" ", "minutes") for row in good]

    assert times("", "2024-07-01 10:00", "2024-07-01T10:00+02:00") == [
        "2024-07-01 10:00",
        "2024-07-01 08:00",
    ]
    # A day stays that day, and a zone in the value wins.
    assert times(
        ", time_zone: Europe/Berlin",
        "2024-07-01",
        "2024-07-01 10:00",
        "2024-01-01T10:00:00.5",
        "2024-07-01T10:00Z",
        "2024-07-01 10:00-05",
    ) == [
        "2024-07-01 00:00",
        "2024-07-01 08:00",
        "2024-01-01 09:00",
        "2024-07-01 10:00",
        "2024-07-01 15:00",
    ]
    berlin = ", time_zone: Europe/Berlin, format: "
    assert times(f"{berlin}dd.MM.yyyy", "01.07.2024") == ["2024-07-01 00:00"]
    assert times(f"{berlin}\"dd.MM.yyyy HH'h'mm\"", "01.07.2024 10h00") == [
        "2024-07-01 08:00"
    ]
    assert times(f"{berlin}yyyyMMdd HHmmX", "20240701 1000Z") == ["2024-07-01 10:00"]


CLOCKS = {
    # Forward at 2:00 on March 31st, back at 3:00 on October 27th.
    ("Europe/Berlin", "2024-03-31 01:59"): "2024-03-31 00:59",
    ("Europe/Berlin", "2024-03-31 03:00"): "2024-03-31 01:00",
    ("Europe/Berlin", "2024-10-27 01:59"): "2024-10-26 23:59",
    ("Europe/Berlin", "2024-10-27 03:00"): "2024-10-27 02:00",
    ("Asia/Kolkata", "2024-01-01 00:15"): "2023-12-31 18:45",
    ("America/St_Johns", "2024-01-01 21:00"): "2024-01-02 00:30",
    ("America/St_Johns", "2024-07-01 21:00"): "2024-07-01 23:30",
    # A day is that day by the shop's clock.
    ("Europe/Berlin", "2024-07-06"): "2024-07-05 22:00",
    ("Europe/Berlin", "2024-07-06T00:00:00"): "2024-07-05 22:00",
    # On that day the clocks went forward at midnight: the day began at 1:00.
    ("America/Sao_Paulo", "2018-11-04"): "2018-11-04 03:00",
    # What names its zone is the same everywhere.
    ("Asia/Kolkata", "2024-07-06T10:00Z"): "2024-07-06 10:00",
    ("Asia/Kolkata", "2024-07-05T18:30Z"): "2024-07-05 18:30",
}


@pytest.mark.parametrize("zone", sorted({zone for zone, _ in CLOCKS}))
def test_times_without_a_zone_are_by_the_shops_clock(
    parsed: Callable[..., Parsed], zone: str
) -> None:
    """The moments are by the rules of the zones, from the IANA's tables."""
    expected = {told: moment for (of, told), moment in CLOCKS.items() if of == zone}
    lines = "".join(f"{told},{told},5\n" for told in expected)
    good, _ = parsed(HEADER + lines, shop_zone=zone)
    assert {
        row.customer_id: row.transacted_at.isoformat(" ", "minutes") for row in good
    } == expected
    midnights = {"2024-07-06", "2024-07-06T00:00:00", "2018-11-04", "2024-07-05T18:30Z"}
    assert {row.customer_id for row in good if not row[HAS_TIME]} == (
        midnights & expected.keys()
    )


def test_a_day_of_another_clock_is_a_day_of_the_shop(
    parsed: Callable[..., Parsed],
) -> None:
    """Times of the mapping's zone, New York; days and registrations of Berlin."""
    good, _ = parsed(
        HEADER + "a,2024-07-06,5\nb,2024-07-06 00:00,5\nc,2024-07-06 20:00,5\n",
        mapping_of(
            COLUMNS.replace("when", "{column: when, time_zone: America/New_York}")
        ),
        "Europe/Berlin",
    )
    assert [
        (row.transacted_at.isoformat(" ", "minutes"), row[HAS_TIME]) for row in good
    ] == [
        ("2024-07-05 22:00", False),
        ("2024-07-05 22:00", False),
        ("2024-07-07 00:00", True),
    ]
    people = mapping.parse(
        "kind: customers\ncolumns: {customer_id: who, registration_date: when}"
    )
    good, _ = parsed(
        "who,when\na,2024-07-06\nb,2024-07-06 23:30\nc,2024-07-06T23:30Z\n",
        people,
        "Europe/Berlin",
    )
    assert [str(row.registration_date) for row in good] == [
        "2024-07-06",
        "2024-07-06",
        "2024-07-07",
    ]


def test_times_as_numbers_and_years_of_two_digits(
    parsed: Callable[..., Parsed],
) -> None:
    def times(of: str, *values: str) -> list[str | None]:
        lines = "".join(f"C{n},{value},5\n" for n, value in enumerate(values))
        good, _ = parsed(
            HEADER + lines, mapping_of(COLUMNS.replace("when", f"{{column: when{of}}}"))
        )
        found = {row.customer_id: row.transacted_at.isoformat(" ") for row in good}
        return [found.get(f"C{n}") for n in range(len(values))]

    # 1714550400 is 2024-05-01 08:00 UTC, as `date --utc --date=@1714550400` says. Where
    # the clock hung does not matter.
    eight = "2024-05-01 08:00:00"
    assert times(", format: epoch_s", "1714550400", "1714550400.25", "-1", "x") == [
        eight,
        f"{eight}.250000",
        "1969-12-31 23:59:59",
        None,
    ]
    berlin = ", time_zone: Europe/Berlin, format: "
    assert times(f"{berlin}epoch_ms", "1714550400000") == [eight]
    assert times(", format: epoch_us", "1714550400000001") == [f"{eight}.000001"]
    midnight = " 00:00:00"
    assert times(", format: dd.MM.yy", "31.12.99", "01.02.24", "15.06.69") == [
        f"1999-12-31{midnight}",
        f"2024-02-01{midnight}",
        f"2069-06-15{midnight}",
    ]
    # 1900 had no such day.
    assert times(", format: dd.MM.yy, pivot: 0", "29.02.00", "29.02.96") == [
        None,
        f"1996-02-29{midnight}",
    ]


@pytest.mark.parametrize(
    ("value", "format_"),
    [
        ("1714550400", "`epoch_s`"),
        ("1714550400000", "`epoch_ms`"),
        ("1714550400000000", "`epoch_us`"),
        ("20240501", "`yyyyMMdd`"),
        ("20240501083000", "`yyyyMMddHHmmss`"),
        ("01.05.2024", "`dd.MM.yyyy`"),
        ("01.05.24", "`dd.MM.yy`"),
        ("05/01/2024", "`dd/MM/yyyy` or `MM/dd/yyyy`"),
    ],
)
def test_a_time_of_another_form_says_which(value: str, format_: str) -> None:
    """Of the expressions alone: the first that fits is the one that is said."""
    fitting = [said for looks, said in LOOKS_LIKE.items() if re.search(looks, value)]
    assert [f"`{said}`" for said in fitting] == [format_]


@pytest.mark.parametrize(
    ("of", "numbers"),
    [
        (
            "decimal: ',', thousands: '.'",
            {
                "1.234,56": "1234.56",
                "-12.345.678,5": "-12345678.50",
                "7,005": "7.01",
                "1234": "1234.00",
                # No thousands, and no point as a decimal sign.
                "1.23": None,
                "1.2345,6": None,
            },
        ),
        (
            "thousands: ' ', strip: [EUR, '€']",
            {
                "EUR 1 234.50": "1234.50",
                "1\u202f234.5 €": "1234.50",
                "€-3": "-3.00",
                "12 34": None,
                # Beside the number, not in it.
                "2€50": None,
                "0 500": None,
            },
        ),
        ("negative: trailing", {"5.25-": "-5.25", "5 -": "-5.00", "-5": "-5.00"}),
        (
            "negative: brackets, strip: $, thousands: ','",
            {"($1,000.10)": "-1000.10", "$(3)": "-3.00", "1,00": None, "4": "4.00"},
        ),
    ],
)
def test_numbers_as_people_write_them(
    parsed: Callable[..., Parsed], of: str, numbers: dict[str, str | None]
) -> None:
    lines = "".join(f"{text};2024-03-01;{text}\n" for text in numbers)
    mapped = COLUMNS.replace("money", f"{{column: money, {of}}}")
    good, _ = parsed(
        HEADER.replace(",", ";") + lines, mapping_of(mapped, "separator: ';'")
    )
    assert {row.customer_id: str(row.amount) for row in good} == {
        text.strip(): number for text, number in numbers.items() if number
    }


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("1,5", "decimal: ','"),
        ("1.234,56", "decimal: ',', thousands: '.'"),
        ("1,234.56", "thousands: ','"),
        ("(5.00)", "negative: brackets"),
        ("5.00-", "negative: trailing"),
        ("$5", "strip: '...'"),
        ("5,00 EUR", "strip: '...'"),
    ],
)
def test_a_number_of_another_form_says_which(text: str, option: str) -> None:
    """Of the expressions alone; of several the first is said."""
    fitting = [said for looks, said in NUMBER_LIKE.items() if re.search(looks, text)]
    assert fitting == [option]


def test_a_price_times_pieces(parsed: Callable[..., Parsed]) -> None:
    good, rejects = parsed(
        "who,when,price,pieces\n"
        "a,2024-03-05,2.55,6\n"
        "a,2024-03-06,free,1\n"
        "a,2024-03-06,2.00,\n"
        "a,2024-03-06,9999999999,2\n"
        "b,2024-03-07,10.00,2\n"
        "c,2024-03-07,0.333,0.5\n",
        mapping_of(COLUMNS.replace("money", "{price: price, times: pieces}")),
    )
    assert [(row.customer_id, str(row.amount)) for row in good] == [
        ("a", "15.30"),
        ("b", "20.00"),
        ("c", "0.17"),
    ]
    assert rejects == {
        "a,2024-03-06,free,1": "amount: 'free' in price is not a number",
        "a,2024-03-06,2.00,": "amount: nothing in pieces",
        "a,2024-03-06,9999999999,2": (
            "amount: price times pieces does not fit decimal(12,2)"
        ),
    }


def test_returns_constants_and_expressions(parsed: Callable[..., Parsed]) -> None:
    good, rejects = parsed(
        "who,when,cents,type\n"
        "C1,2024-01-01,500,sale\n"
        "C1,2024-01-01,500, refund \n"
        "C1,2024-01-01,-500,chargeback\n"
        "C1,2024-01-01,-250,\n"
        "C1,2024-01-01,x,sale\n",
        mapping_of(
            "customer_id: who, transacted_at: when, payment_method: {constant: card}, "
            'amount: {expression: "try_divide(try_cast(cents as int), 100)"}, '
            'product_category: {expression: "upper(type)"}',
            "returns: {column: type, equals: [refund, chargeback]}",
        ),
    )
    assert [str(row.amount) for row in good] == ["5.00", "-5.00", "-5.00", "-2.50"]
    assert {row.payment_method for row in good} == {"card"}
    assert good[3].product_category is None
    assert rejects == {"C1,2024-01-01,x,sale": "amount: nothing"}


@pytest.mark.parametrize(
    "returns",
    [
        "returns: {column: invoice, starts_with: [C, X]}",
        "returns: {expression: \"invoice rlike '^[CX]'\"}",
    ],
)
def test_returns_are_marked_by_the_beginning_of_an_invoice(
    parsed: Callable[..., Parsed], returns: str
) -> None:
    good, _ = parsed(
        "invoice,who,when,price,pieces\n"
        "536365,a,2024-03-05,2.55,6\n"
        "C536379,a,2024-03-06,2.55,6\n"
        " X1 ,a,2024-03-06,-1,6\n"
        ",b,2024-03-07,10.00,2\n",
        mapping_of(COLUMNS.replace("money", "{price: price, times: pieces}"), returns),
    )
    assert [str(row.amount) for row in good] == ["15.30", "-15.30", "-6.00", "20.00"]


def test_rows_that_are_not_meant_are_counted_and_nothing_else(
    spark: SparkSession,
    settings: Settings,
    visible: Callable[[str], DataFrame],
    tmp_path: Path,
) -> None:
    """Neither those of which the condition is unknown; one of no form is rejected."""
    path = write(
        tmp_path,
        "who,when,money,shop\n"
        "W1,2024-01-01,5,north\n"
        "W2,2024-01-01,5,south\n"
        "W3,2024-01-01,x,south\n"
        "W4,2024-01-01,5,\n"
        "W5,2024-01-01,x,north\n"
        "W6,2024-01-01\n",
    )
    mapped = mapping_of(COLUMNS, "where: \"shop = 'north'\"", "customers: separate")
    done = load.load(spark, settings, path, mapped)
    [batch] = done.batches
    assert (batch.rows_in, batch.rows_raw) == (6, 1)
    assert (batch.rows_rejected, batch.rows_not_meant) == (2, 3)
    assert done.lines[0].endswith(
        "1 transactions, 2 rows rejected (why: raw.rejects), 3 rows not meant (where)"
    )
    rows = visible("transactions").where(F.col("_batch_id") == batch.batch_id)
    assert [row.customer_id for row in rows.collect()] == ["W1"]


def test_parquet_keeps_its_types(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "typed.parquet")
    spark.sql(
        """
        select * from values
            (1, timestamp'2024-07-01 10:00', timestamp_ntz'2024-07-01 10:00', 1.1d,
                2d, 20240701, ' a ', true),
            (2, null, timestamp_ntz'2024-07-01 10:00', double('NaN'), 2d, 20240701, '',
                false)
        as rows(who, instant, local, money, pieces, day, note, is_return)
        """
    ).write.parquet(path)
    mapped = mapping_of(
        "customer_id: who, amount: money, quantity: pieces, product_category: note, "
        "transacted_at: {column: instant, time_zone: Europe/Berlin}",
        "returns: {column: is_return, equals: 'true'}",
    )
    good, bad = (
        parse(inputs.read(spark, path, mapped), mapped, "UTC")
        .rows.orderBy(ROW)
        .collect()
    )
    assert (good.customer_id, str(good.amount), good.quantity) == ("1", "-1.10", 2)
    assert (good.transacted_at.hour, good.product_category) == (10, "a")
    assert bad[REASON] == "transacted_at_missing"
    assert bad[DETAIL] == (
        "transacted_at: nothing in instant; "
        "amount: 'NaN' in money is not a number that fits decimal(12,2)"
    )
    for column, hour in (
        ("{column: local, time_zone: Europe/Berlin}", 8),
        ("local", 10),
        ("{column: day, format: yyyyMMdd}", 0),
    ):
        mapped = mapping_of(
            f"customer_id: who, amount: pieces, transacted_at: {column}"
        )
        rows = parse(inputs.read(spark, path, mapped), mapped, "UTC").rows
        assert {row.transacted_at.hour for row in rows.collect()} == {hour}
    mapped = mapping_of("customer_id: who, amount: pieces, transacted_at: local")
    found = inputs.read(spark, path, mapped)
    rows = parse(found, mapped, "Europe/Berlin").rows.collect()
    assert {(row.transacted_at.hour, row[HAS_TIME]) for row in rows} == {(8, True)}
    mapped = mapping_of("customer_id: who, amount: pieces, transacted_at: day")
    rows = parse(inputs.read(spark, path, mapped), mapped, "UTC").rows.collect()
    assert "transacted_at: '20240701' in day is not a date" in rows[0][DETAIL]


def test_times_in_nanoseconds_are_read_to_the_microsecond(
    spark: SparkSession, tmp_path: Path
) -> None:
    """As pandas writes them; where only an unmapped column has them, too."""
    at = [datetime(2024, 7, 6), datetime(2024, 7, 7, 0, 30, 0, 250)]
    table = pa.table(
        {
            "who": ["a", "b"],
            "money": [10.0, 20.0],
            "when": pa.array(at, pa.timestamp("ns")),
            "day": ["2024-07-06", "2024-07-07"],
            "number": [1714550400, 1714550401],
        }
    )
    path = str(tmp_path / "nanoseconds.parquet")
    pq.write_table(table, path)

    def read(column: str) -> list[Row]:
        mapped = mapping_of(COLUMNS.replace("when", column))
        found = inputs.read(spark, path, mapped)
        return parse(found, mapped, "UTC").rows.orderBy("customer_id").collect()

    assert [row.transacted_at for row in read("when")] == at
    assert [str(row.transacted_at.date()) for row in read("day")] == [
        "2024-07-06",
        "2024-07-07",
    ]
    assert "(say its `format`: `epoch_s`?)" in read("number")[0][DETAIL]


# ---------- ids, deliveries, customers


def test_a_point_that_may_part_thousands_is_told(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = write(
        tmp_path,
        "who,when,money,pieces\n"
        "a,2024-03-05,1.234,1\nb,2024-03-05,5.00,2.000\nc,2024-03-05,0.125,1\n",
    )

    def told(of: str) -> list[str]:
        columns = COLUMNS.replace("money", f"{{column: money{of}}}")
        mapped = mapping_of(f"{columns}, quantity: pieces")
        return parse(inputs.read(spark, path, mapped), mapped, "UTC").told

    said = "have three digits after the point, such as"
    advice = "if these are thousands, say `thousands: '.', decimal: ','`"
    assert told("") == [
        f"amount: 1 of 3 {said} 1.234: {advice}",
        f"quantity: 1 of 3 {said} 2.000: {advice}",
    ]
    assert told(", thousands: ','") == [f"quantity: 1 of 3 {said} 2.000: {advice}"]


UNKNOWN_IDS = ("nan", "NaN", "NULL", "None", "N/A", "-", "?", "\u00a0", "\u3000 ", "")


def test_what_stands_for_nobody_is_nobody(parsed: Callable[..., Parsed]) -> None:
    lines = "".join(f"{who},2024-03-01,5\n" for who in (*UNKNOWN_IDS, "\u00a0c1 "))
    good, rejects = parsed(HEADER + lines)
    assert rejects == {}
    assert [row.customer_id for row in good] == [None] * len(UNKNOWN_IDS) + ["c1"]
    good, _ = parsed(HEADER + lines, mapping_of(COLUMNS, "unknown: ['C1', '?']"))
    assert {row.customer_id for row in good} == {
        *(None, "nan", "NaN", "NULL", "None", "N/A", "-"),
    }


def test_a_number_with_a_point_is_the_same_id_without_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    def ids(*values: str) -> tuple[list[str], list[str]]:
        lines = "".join(f"{value},2024-03-01,5\n" for value in values)
        path, mapped = write(tmp_path, HEADER + lines), mapping_of()
        found = parse(inputs.read(spark, path, mapped), mapped, "UTC")
        return [row.customer_id for row in found.rows.collect()], found.told

    assert ids("17850.0", "17850", "nan", "c1", "00017.00") == (
        ["17850", "17850", None, "c1", "00017"],
        [
            "customer_id: 2 whole numbers with a point, such as 00017.00, are taken "
            "for the same without it"
        ],
    )
    # A row of no form has no say.
    assert ids("17850.0", "17850", "12.5,2024-03-01\n17851")[0][:2] == ["17850"] * 2
    # Where some have a fraction, 1.0 is another than 1.
    assert ids("1.0", "1", "1.10") == (["1.0", "1", "1.10"], [])

    path, mapped = str(tmp_path / "numbers.parquet"), mapping_of()
    spark.sql(
        "select date'2024-03-01' as when, 5 as money, who from values "
        "(12345678d), (double('NaN')), (7d) as rows(who)"
    ).write.parquet(path)
    rows = parse(inputs.read(spark, path, mapped), mapped, "UTC").rows.collect()
    assert {row.customer_id for row in rows} == {"12345678", None, "7"}


def test_derived_ids_depend_on_nothing_but_the_row(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [f"C{number % 7},2024-01-0{number % 3 + 1},5" for number in range(60)]
    lines.append(",2024-01-01,5")
    path = write(tmp_path, HEADER + "\n".join(lines))
    mapped = mapping_of()
    rows = parse(inputs.read(spark, path, mapped), mapped, "UTC").rows

    def ids(rows: DataFrame) -> list[str]:
        return sorted(
            row.transaction_id for row in identified(rows, mapped.kind).collect()
        )

    found = ids(rows)
    assert len(set(found)) == 61
    assert ids(rows.repartition(7)) == found
    assert ids(rows.orderBy(F.rand()).coalesce(1)) == found
    # A later delivery that repeats some of the rows brings no new ids but its own.
    again = write(tmp_path, HEADER + "\n".join([*lines[30:], "C9,2024-02-01,5"]))
    more = ids(parse(inputs.read(spark, again, mapped), mapped, "UTC").rows)
    assert len(set(more) - set(found)) == 1


def test_a_killed_load_leaves_nothing_visible(
    spark: SparkSession,
    settings: Settings,
    visible: Callable[[str], DataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write(tmp_path, HEADER + "K1,2024-01-01,5\nK1,2024-01-01,5\nK2,x,5\n")

    def killed(delivery: raw.Delivery) -> None:
        raise KeyboardInterrupt

    before = {table: visible(table).count() for table in ("transactions", "customers")}
    with monkeypatch.context() as patch:
        patch.setattr(raw.Delivery, "publish", killed)
        with pytest.raises(KeyboardInterrupt):
            load.load(spark, settings, path, mapping_of())
    for table, count in before.items():
        assert visible(table).count() == count
    done = load.load(spark, settings, path, mapping_of())
    loaded, customers = done.batches
    assert (loaded.rows_in, loaded.rows_raw, loaded.rows_rejected) == (3, 2, 1)
    # The customer that the dead load wrote does not count as known.
    assert customers.rows_raw == 1
    dead = spark.table(f"{settings.schema('raw')}.transactions").where(
        f"customer_id = 'K1' and _batch_id <> {loaded.batch_id}"
    )
    assert dead.count() == 2
    assert visible("transactions").count() == before["transactions"] + 2


def test_customers_come_from_their_file_or_from_their_purchases(
    spark: SparkSession, settings: Settings, tmp_path: Path
) -> None:
    people = mapping.parse(
        "kind: customers\n"
        "columns: {customer_id: id, age: age, registration_date: since}"
    )
    content = "id,age,since\nS1,30,2024-01-01 23:30:00-02:00\nS2,,\n,40,\nS3,old,\n"
    path = write(tmp_path, content, "people.csv")
    (batch,) = load.load(spark, settings, path, people).batches
    assert (batch.kind, batch.rows_raw, batch.rows_rejected) == ("customers", 2, 2)
    here = f"_batch_id = {batch.batch_id}"
    rows = spark.table(f"{settings.schema('raw')}.customers").where(here)
    assert {
        (row.customer_id, row.age, str(row.registration_date)) for row in rows.collect()
    } == {("S1", 30, "2024-01-02"), ("S2", None, "None")}

    # A folder with a file whose name looks like a glob, and one in a glob's reach.
    write(tmp_path, HEADER + "S1,2024-01-01,5\n", "lines/a[1].csv")
    write(tmp_path, HEADER + "S9,2024-01-01,5\n", "lines/b.csv")
    separate = mapping_of(COLUMNS, "customers: separate")
    first = load.load(spark, settings, str(tmp_path / "lines/a[1].csv"), separate)
    assert [batch.kind for batch in first.batches] == ["transactions"]
    derived = mapping_of(COLUMNS, "format: csv")
    both = load.load(spark, settings, str(tmp_path / "lines"), derived)
    assert [batch.rows_raw for batch in both.batches] == [2, 1]
    assert load.WITHOUT_IDS in both.lines
    same = load.load(spark, settings, f"{tmp_path}/lines/*.csv", derived)
    assert same.batch_id == both.batch_id
    assert same.batches == []
