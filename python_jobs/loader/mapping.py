"""The mapping: a small YAML file that says how a source becomes raw data.

`examples/cdnow.yml` is its documentation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from python_jobs import contract
from python_jobs.errors import UserError
from python_jobs.loader import patterns
from python_jobs.settings import known_time_zone

KINDS = ("transactions", "customers")
FORMATS = ("csv", "parquet")
# What must be mapped. A transaction without an id gets one.
REQUIRED = {
    "transactions": ("customer_id", "transacted_at", "amount"),
    "customers": ("customer_id",),
}
WHITESPACE = "whitespace"
CSV_KEYS = ("separator", "header", "encoding", "quote", "escape", "multiline")
TRANSACTION_KEYS = ("returns", "customers")
KEYS = ("kind", "format", *CSV_KEYS, "columns", "where", *TRANSACTION_KEYS, "unknown")
MEANINGS = ("column", "constant", "expression")
# What exports write for a value that they do not know, in any case.
UNKNOWN = ("nan", "null", "none", "n/a", "-", "?")
TIME_KEYS = ("format", "time_zone", "pivot")
NUMBER_KEYS = ("decimal", "thousands", "negative", "strip")
MARKS = ("equals", "starts_with")
NEGATIVES = ("leading", "trailing", "brackets")
# The year 69 is 2069, and 70 is 1970. (POSIX has it so from 69 on.)
PIVOT = 70


@dataclass(frozen=True)
class Value:
    """Where the values of one contract column come from.

    Attributes:
        meaning: What `text` is: a source column, a constant or a Spark SQL expression.
        text: The column's name, the constant or the expression.
        format: Spark's pattern of a date or time, or the name of a unit since 1970;
            None for ISO 8601.
        time_zone: The zone of times that name none, None for the shop's.
        pivot: Years written by two digits are of the last century from this on.
        decimal: What stands before the fraction of a number, a point or a comma.
        thousands: What stands between its thousands, None for nothing.
        negative: Where its minus stands: leading, trailing, or brackets instead.
        strip: What may stand beside it and means nothing, such as a currency's sign.
        times: The column that `text`, a price by pieces, is multiplied by.
    """

    meaning: str
    text: str
    format: str | None = None
    time_zone: str | None = None
    pivot: int = PIVOT
    decimal: str = "."
    thousands: str | None = None
    negative: str = "leading"
    strip: tuple[str, ...] = ()
    times: str | None = None


@dataclass(frozen=True)
class Returns:
    """Which rows are returns.

    Attributes:
        meaning: How `column` tells: it equals or starts_with one of `values`; or None,
            where a Spark SQL `expression` does.
        column: The column.
        values: What to look for in it.
        expression: A condition over the columns.
    """

    meaning: str | None = None
    column: str | None = None
    values: tuple[str, ...] = ()
    expression: str | None = None


@dataclass(frozen=True)
class Mapping:
    """How the files of one source become rows of one raw table.

    Attributes:
        kind: The raw table, transactions or customers.
        format: csv or parquet, None where the files' names say it.
        separator: One character, or `whitespace`.
        header: The names of the columns, None where the files begin with them.
        encoding: Name of the files' encoding.
        quote: What may stand around a value.
        escape: What stands before a quote within a value.
        multiline: Whether values hold line breaks.
        columns: Where each contract column comes from.
        returns: How returns are marked, None where their amounts are negative.
        derives_customers: Whether unknown customers are added to raw.customers.
        unknown: What stands for nothing in ids and attributes, in lower case.
        where: A Spark SQL condition over the columns: other rows are not meant.
    """

    kind: str
    columns: dict[str, Value]
    format: str | None = None
    separator: str = ","
    header: tuple[str, ...] | None = None
    encoding: str = "utf-8"
    quote: str = '"'
    escape: str = '"'
    multiline: bool = False
    returns: Returns | None = None
    derives_customers: bool = True
    unknown: tuple[str, ...] = UNKNOWN
    where: str | None = None

    @property
    def fingerprint(self) -> str:
        """The same for mappings that mean the same, whatever their layout."""
        meaning = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(meaning.encode()).hexdigest()


def read(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        UserError: The file is missing, is no YAML, or says something meaningless.
    """
    try:
        return parse(path.read_text("utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read: it is not UTF-8") from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def parse(text: str) -> Mapping:
    """Understand the text of a mapping.

    Raises:
        UserError: It is no YAML, or says something meaningless.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UserError("no mapping: begin with a copy of examples/cdnow.yml")
    _known(content, KEYS, "the mapping")
    kind = _choice(content, "kind", KINDS)
    if kind is None:
        raise UserError(f"'kind' is missing: say {' or '.join(KINDS)}")
    if kind == "customers":
        _known(content, _without(TRANSACTION_KEYS), "a mapping of customers")
    format_ = _choice(content, "format", FORMATS)
    if format_ == "parquet":
        _known(content, _without(CSV_KEYS), "a mapping of parquet files")
    return Mapping(
        kind=kind,
        columns=_columns(kind, content.get("columns")),
        format=format_,
        separator=_separator(content.get("separator", ",")),
        header=_header(content.get("header", True)),
        encoding=_text(content.get("encoding", "utf-8"), "encoding"),
        quote=_character(content.get("quote", '"'), "quote"),
        escape=_character(content.get("escape", '"'), "escape"),
        multiline=_flag(content.get("multiline", False), "multiline"),
        returns=_returns(content.get("returns")),
        derives_customers=(
            kind == "transactions"
            and _choice(content, "customers", ("derived", "separate")) != "separate"
        ),
        unknown=_unknown(content.get("unknown", list(UNKNOWN))),
        where=_text(content["where"], "where") if "where" in content else None,
    )


def _columns(kind: str, given: Any) -> dict[str, Value]:
    if not isinstance(given, dict):
        raise UserError("'columns' is missing: say which column is which")
    # The loader itself fills the columns that begin with _.
    types = {
        name: type_
        for name, type_ in contract.columns("raw", kind).items()
        if not name.startswith("_")
    }
    _known(given, types, "columns")
    for name in REQUIRED[kind]:
        if name not in given:
            raise UserError(f"'columns' lacks {name}: say where it comes from")
    return {
        name: _value(name, given[name], types[name]) for name in types if name in given
    }


def _value(name: str, given: Any, type_: str) -> Value:
    if not isinstance(given, dict):
        return Value("column", _text(given, name))
    is_time, is_text = type_ in ("timestamp", "date"), type_ == "string"
    keys = TIME_KEYS if is_time else () if is_text else NUMBER_KEYS
    meanings = (*MEANINGS, "price") if name == "amount" else MEANINGS
    times = ("times",) if name == "amount" else ()
    _known(given, (*meanings, *times, *keys), name)
    found = [meaning for meaning in meanings if meaning in given]
    if len(found) != 1:
        raise UserError(f"'{name}' must have one of {', '.join(meanings)}")
    if ("price" in given) != ("times" in given):
        raise UserError("'amount' must have both of price, times or none of them")
    meaning = found[0]
    text = (
        str(given[meaning])
        if meaning == "constant"
        else _text(given[meaning], f"{name}: {meaning}")
    )
    return Value(meaning, text, **_time_options(name, given), **_number(name, given))


def _time_options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        key: _text(given[key], f"{name}: {key}")
        for key in ("format", "time_zone")
        if key in given
    }
    try:
        if "format" in options:
            patterns.check(options["format"])
        if "time_zone" in options:
            known_time_zone(options["time_zone"], "time_zone")
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    if "pivot" in given:
        options["pivot"] = _pivot(name, given["pivot"], options.get("format"))
    return options


def _number(name: str, given: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "times" in given:
        options["times"] = _text(given["times"], f"{name}: times")
    if "decimal" in given:
        if given["decimal"] not in (".", ","):
            raise UserError(f"'{name}: decimal' must be '.' or ','")
        options["decimal"] = given["decimal"]
    if "thousands" in given:
        if given["thousands"] not in (".", ",", " ", "'", "\u2019", "_"):
            raise UserError(
                f"'{name}: thousands' must be one of '.', ',', ' ' or \"'\" in quotes"
            )
        options["thousands"] = given["thousands"]
    if options.get("thousands") == options.get("decimal", "."):
        raise UserError(f"'{name}': decimal and thousands are the same")
    if "negative" in given:
        options["negative"] = _choice(given, "negative", NEGATIVES)
    if "strip" in given:
        words = given["strip"] if isinstance(given["strip"], list) else [given["strip"]]
        options["strip"] = tuple(_text(word, f"{name}: strip") for word in words)
    return options


def _pivot(name: str, given: Any, format_: str | None) -> int:
    if type(given) is not int or not 0 <= given <= 100:
        raise UserError(f"'{name}: pivot' must be a number from 0 to 100")
    if not format_ or not patterns.has_two_digit_years(format_):
        raise UserError(f"'{name}: pivot' is for a format with years of two digits, yy")
    return given


def _returns(given: Any) -> Returns | None:
    if given is None:
        return None
    if isinstance(given, dict) and given.keys() == {"expression"}:
        text = _text(given["expression"], "returns: expression")
        return Returns(expression=text)
    found = [one for one in MARKS if isinstance(given, dict) and one in given]
    if len(found) != 1 or given.keys() != {"column", *found}:
        raise UserError(
            "'returns' must be {column: ..., equals: ...}, {column: ..., starts_with: "
            "...} or {expression: ...}"
        )
    [meaning] = found
    values = given[meaning] if isinstance(given[meaning], list) else [given[meaning]]
    # YAML takes an unquoted yes for a boolean: what the file really says is lost then.
    if not values or not all(type(value) in (str, int) for value in values):
        raise UserError(
            f"'returns: {meaning}' must be a value or a list of values, text in quotes"
        )
    column = _text(given["column"], "returns: column")
    return Returns(meaning, column, tuple(str(value) for value in values))


def _unknown(given: Any) -> tuple[str, ...]:
    # YAML takes an unquoted null, no or - for something else than text.
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise UserError("'unknown' must be a list of texts in quotes, [] for none")
    return tuple(one.strip().lower() for one in given)


def _separator(given: Any) -> str:
    if given == WHITESPACE:
        return WHITESPACE
    return "\t" if given == "tab" else _character(given, "separator")


def _header(given: Any) -> tuple[str, ...] | None:
    if given is True:
        return None
    if not isinstance(given, list) or not given:
        raise UserError("'header' must be true or the list of the columns' names")
    return tuple(_text(name, "header") for name in given)


def _character(given: Any, name: str) -> str:
    if not isinstance(given, str) or len(given) != 1 or given in "\r\n":
        choices = ", tab or whitespace" if name == "separator" else ""
        raise UserError(f"'{name}' must be one character in quotes{choices}")
    return given


def _flag(given: Any, name: str) -> bool:
    if not isinstance(given, bool):
        raise UserError(f"'{name}' must be true or false")
    return given


def _text(given: Any, name: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise UserError(f"'{name}' must be text: {given!r} is none (put it in quotes?)")
    return given


def _choice(content: dict[str, Any], key: str, choices: Collection[str]) -> str | None:
    given = content.get(key)
    if given is not None and given not in choices:
        raise UserError(f"'{key}' is {given!r}: it must be {' or '.join(choices)}")
    return given


def _without(keys: Collection[str]) -> tuple[str, ...]:
    return tuple(key for key in KEYS if key not in keys)


def _known(given: dict[str, Any], keys: Collection[str], where: str) -> None:
    for key in given:
        if key not in keys:
            known = ", ".join(keys)
            raise UserError(f"{where}: '{key}' is not known here; known are {known}")
