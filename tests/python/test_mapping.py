"""The mapping: what it means, and one line for whatever it cannot mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from python_jobs.errors import UserError
from python_jobs.loader import mapping
from python_jobs.loader.mapping import Returns, Value
from python_jobs.settings import PROJECT

LEAST = """
kind: transactions
columns: {customer_id: who, transacted_at: when, amount: money}
"""


def with_(line: str) -> str:
    return f"{LEAST}{line}\n"


def test_the_example_is_the_purchase_log_of_cdnow() -> None:
    example = mapping.read(PROJECT / "examples" / "cdnow.yml")
    assert example.separator == mapping.WHITESPACE
    assert example.derives_customers
    assert example.columns == {
        "customer_id": Value("column", "customer_id"),
        "transacted_at": Value("column", "date", format="yyyyMMdd"),
        "amount": Value("column", "dollar_value"),
        "quantity": Value("column", "number_of_cds"),
    }


def test_the_least_mapping_has_the_usual_meaning() -> None:
    least = mapping.parse(LEAST)
    assert (least.format, least.separator, least.header) == (None, ",", None)
    assert (least.encoding, least.quote, least.escape) == ("utf-8", '"', '"')
    assert least.returns is None
    assert least.derives_customers


def test_all_keys_are_understood() -> None:
    full = mapping.parse(
        """
        kind: transactions
        format: csv
        separator: tab
        header: [who, when, money, type]
        encoding: windows-1252
        quote: "'"
        escape: '\\'
        multiline: true
        columns:
          customer_id: who
          transacted_at: {column: when, format: dd.MM.yyyy, time_zone: Europe/Berlin}
          amount: {expression: "try_divide(money, 100)"}
          quantity: {constant: 1}
        returns: {column: type, equals: [R, 9]}
        customers: separate
        """
    )
    assert full.separator == "\t"
    assert full.header == ("who", "when", "money", "type")
    assert full.columns["transacted_at"].time_zone == "Europe/Berlin"
    assert full.columns["amount"] == Value("expression", "try_divide(money, 100)")
    assert full.columns["quantity"] == Value("constant", "1")
    assert full.returns == Returns("equals", "type", ("R", "9"))
    assert not full.derives_customers


def test_the_fingerprint_is_of_the_meaning() -> None:
    least = mapping.parse(LEAST)
    said_otherwise = mapping.parse(
        "# A comment.\n"
        "columns: {amount: {column: money}, transacted_at: when, customer_id: who}\n"
        "separator: ','\n"
        "kind: transactions\n"
    )
    assert said_otherwise.fingerprint == least.fingerprint
    assert mapping.parse(with_("escape: '\\'")).fingerprint != least.fingerprint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind: [", "not YAML"),
        ("", "no mapping"),
        ("columns: {}", "'kind' is missing"),
        ("kind: orders", "'kind' is 'orders'"),
        ("kind: [transactions]", "'kind' is ['transactions']"),
        ("kind: transactions", "'columns' is missing"),
        (with_("colums: {}"), "'colums' is not known here; known are kind, format"),
        (with_("format: json"), "must be csv or parquet"),
        (with_("separator: '||'"), "'separator' must be one character"),
        (with_("quote: ''"), "'quote' must be one character"),
        (with_("header: false"), "'header' must be true or the list"),
        (with_("header: [1, 2]"), "'header' must be text: 1 is none"),
        (with_("multiline: maybe"), "'multiline' must be true or false"),
        (with_("encoding: 8"), "'encoding' must be text"),
        (with_("customers: none"), "must be derived or separate"),
        (
            LEAST.replace("money", "{column: money, decimal: ';'}"),
            "'amount: decimal' must be '.' or ','",
        ),
        (
            LEAST.replace("money", "{column: money, decimal: ',', thousands: ','}"),
            "'amount': decimal and thousands are the same",
        ),
        (
            LEAST.replace("money", "{column: money, negative: red}"),
            "'negative' is 'red': it must be leading or trailing or brackets",
        ),
        (
            LEAST.replace("money", "{price: money}"),
            "'amount' must have both of price, times or none of them",
        ),
        (
            LEAST.replace("who", "{column: who, decimal: ','}"),
            "customer_id: 'decimal' is not known here",
        ),
        (with_("unknown: nan"), "'unknown' must be a list of texts in quotes"),
        (with_("unknown: [null]"), "'unknown' must be a list of texts in quotes"),
        (with_("returns: refund"), "'returns' must be {column"),
        (with_("returns: {column: type, equals: yes}"), "text in quotes"),
        (with_("returns: {column: type, equals: []}"), "text in quotes"),
        (
            with_("returns: {column: type, equals: R, starts_with: C}"),
            "'returns' must be {column: ..., equals: ...}, {column: ..., starts_with",
        ),
        (with_("returns: {expression: 1}"), "'returns: expression' must be text"),
        (with_("where: true"), "'where' must be text"),
        (with_("format: parquet\nquote: x"), "'quote' is not known here"),
        (
            "kind: customers\ncolumns: {customer_id: a}\nreturns: {}",
            "'returns' is not known here",
        ),
        (
            "kind: transactions\ncolumns: {customer_id: a, amount: b}",
            "lacks transacted_at",
        ),
        (
            LEAST.replace("when", "{column: when, time_zone: Mars/X}"),
            "transacted_at: time_zone is 'Mars/X': no such time zone is known",
        ),
        ("kind: customers\ncolumns: {age: a}", "lacks customer_id"),
        (
            "kind: customers\ncolumns: {customer_id: a, _batch_id: b}",
            "'_batch_id' is not known here",
        ),
        ("kind: customers\ncolumns: {customer_id: 7}", "'customer_id' must be text: 7"),
        ("kind: customers\ncolumns: {customer_id: {}}", "must have one of column"),
        (
            "kind: customers\ncolumns: {customer_id: {column: a, constant: b}}",
            "must have one of column",
        ),
        (
            "kind: customers\ncolumns: {customer_id: {column: a, format: b}}",
            "'format' is not known here",
        ),
    ],
)
def test_nonsense_is_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(UserError) as error:
        mapping.parse(text)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_an_error_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    with pytest.raises(UserError, match=r"mine\.yml cannot be read: No such file"):
        mapping.read(file)
    file.write_bytes(b"kind: \xff")
    with pytest.raises(UserError, match=r"mine\.yml cannot be read: it is not UTF-8"):
        mapping.read(file)
    file.write_text("kind: orders")
    with pytest.raises(UserError, match=r"mine\.yml: 'kind' is 'orders'"):
        mapping.read(file)
