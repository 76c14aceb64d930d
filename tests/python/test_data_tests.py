"""The test of a table fails when it should, and only then: each case is one query."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
from pyspark.sql import SparkSession

SOURCE = Path(__file__).parents[1] / "generic" / "rows_satisfy.sql"
COLUMNS = {
    "order_id": "string",
    "line": "int",
    "owner": "string",
    "kind": "string",
    "size": "string",
    "amount": "int",
}
CLEAN = ("o1", 1, "ann", "big", "L", 10)
ALL_ARGUMENTS = {
    "grain": ["order_id", "line"],
    "references": {"owner": "owners.name"},
    "rules": {"amount_is_positive": "amount > 0"},
    "accepted_values": {"kind": ["big", "small"]},
    "accepted_from": {"size": "sizes.size"},
}


@pytest.fixture(scope="module", autouse=True)
def _other_tables(spark: SparkSession) -> None:
    """What the rows refer to; a name that is there twice is still one name."""
    for view, values in {
        "owners (name)": "('ann'), ('ann'), ('bob'), (null)",
        "sizes (size)": "('L'), ('S'), (null)",
    }.items():
        spark.sql(f"create or replace temp view {view} as values {values}")


def rendered(model: str, **arguments: Any) -> str:
    """The query of the generic test, as dbt renders it."""
    source = SOURCE.read_text().replace("{% test ", "{% macro ")
    source = source.replace("{% endtest %}", "{% endmacro %}")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    return environment.from_string(source).module.rows_satisfy(model, **arguments)


def literal(rows: list[tuple[Any, ...]]) -> str:
    """A subquery that holds the rows, as dbt makes one of a test with a `where`."""
    columns = ", ".join(
        f"cast(col{place} as {kind}) as {name}"
        for place, (name, kind) in enumerate(COLUMNS.items(), 1)
    )
    # A row that is left out again: VALUES must have one.
    values = ", ".join(
        "(" + ", ".join("null" if v is None else repr(v) for v in row) + ")"
        for row in [*((*row, True) for row in rows), (*CLEAN, False)]
    )
    return f"(select {columns} from values {values} where col7) dbt_subquery"


def broken(
    spark: SparkSession, rows: list[tuple[Any, ...]], **arguments: Any
) -> dict[str, int]:
    """The rules that the test calls broken, and by how many rows."""
    found = spark.sql(rendered(literal(rows), **arguments)).collect()
    assert len({row["broken_rule"] for row in found}) == len(found)
    return {row["broken_rule"]: row["row_count"] for row in found}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], {}, id="empty"),
        pytest.param(
            [CLEAN, ("o1", 2, "bob", "small", "S", 1), ("o2", 1, "ann", "big", "L", 5)],
            {},
            id="clean",
        ),
        pytest.param(
            [CLEAN, CLEAN, CLEAN, ("o1", 2, "ann", "big", "L", 10)],
            {"key_is_unique": 3},
            id="duplicates",
        ),
        pytest.param(
            [CLEAN, ("o1", 1, "bob", "small", "S", 1)],
            {"key_is_unique": 2},
            id="duplicates-by-key-only",
        ),
        pytest.param(
            [CLEAN, ("o1", None, "ann", "big", "L", 10)],
            {"key_is_complete": 1},
            id="null-key-part",
        ),
        pytest.param(
            [CLEAN, (None, 1, "ann", "big", "L", 10)],
            {"key_is_complete": 1},
            id="null-first-key-part",
        ),
        pytest.param(
            [("o1", None, "ann", "big", "L", 10), ("o1", None, "ann", "big", "L", 10)],
            {"key_is_complete": 2, "key_is_unique": 2},
            id="null-key-twice",
        ),
        pytest.param(
            [CLEAN, ("o2", 1, "zoe", "big", "L", 10)],
            {"owner_is_in_owners": 1},
            id="missing-reference",
        ),
        pytest.param([("o1", 1, None, "big", "L", 10)], {}, id="null-reference"),
        pytest.param(
            [CLEAN, ("o2", 1, "ann", "big", "L", 0), ("o3", 1, "ann", "big", "L", -1)],
            {"amount_is_positive": 2},
            id="broken-rule",
        ),
        pytest.param(
            [CLEAN, ("o2", 1, "ann", "big", "L", None)],
            {"amount_is_positive": 1},
            id="null-rule",
        ),
        pytest.param(
            [CLEAN, ("o2", 1, "ann", "huge", "L", 10)],
            {"kind_is_accepted": 1},
            id="not-accepted",
        ),
        pytest.param([("o1", 1, "ann", None, "L", 10)], {}, id="null-accepted"),
        pytest.param(
            [CLEAN, ("o2", 1, "ann", "big", "XL", 10)],
            {"size_is_known": 1},
            id="not-known",
        ),
        pytest.param([("o1", 1, "ann", "big", None, 10)], {}, id="null-known"),
        pytest.param(
            [
                CLEAN,
                ("o1", 1, "zoe", "huge", "XL", 0),
                ("o2", None, "zoe", "big", "L", None),
            ],
            {
                "key_is_unique": 2,
                "key_is_complete": 1,
                "owner_is_in_owners": 2,
                "amount_is_positive": 2,
                "kind_is_accepted": 1,
                "size_is_known": 1,
            },
            id="all-at-once",
        ),
    ],
)
def test_rules_key_and_references_of_a_table(
    spark: SparkSession, rows: list[tuple[Any, ...]], expected: dict[str, int]
) -> None:
    assert broken(spark, rows, **ALL_ARGUMENTS) == expected


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_without_a_grain_rows_may_be_there_twice(
    spark: SparkSession, rows: int
) -> None:
    bad = ("o1", None, "zoe", "huge", "XL", None)
    arguments = {**ALL_ARGUMENTS, "grain": []}
    rules = ("owner_is_in_owners", "amount_is_positive", "kind_is_accepted")
    expected = dict.fromkeys((*rules, "size_is_known"), rows) if rows else {}
    assert broken(spark, [CLEAN, CLEAN, *[bad] * rows], **arguments) == expected


def test_a_key_alone_is_tested(spark: SparkSession) -> None:
    assert broken(spark, [CLEAN], grain=["order_id"]) == {}
    rows = [CLEAN, ("o1", 2, "ann", "big", "L", 10), (None, 1, "ann", "big", "L", 10)]
    assert broken(spark, rows, grain=["order_id"]) == {
        "key_is_unique": 2,
        "key_is_complete": 1,
    }


def test_a_reference_is_named_by_its_table(spark: SparkSession) -> None:
    """Two columns may refer to one table, which may have a schema and backticks."""
    references = {"owner": "`marts`.`owners`.name", "kind": "marts.owners.name"}
    query = rendered("orders", references=references).replace("`", "")
    assert "'owner_is_in_owners', sum(rule_1)" in query
    assert "'kind_is_in_owners', sum(rule_2)" in query
    # No owner is called big.
    references = {"owner": "owners.name", "kind": "owners.name"}
    assert broken(spark, [CLEAN], references=references) == {"kind_is_in_owners": 1}


def test_the_table_is_scanned_once_and_aggregated_by_hash(spark: SparkSession) -> None:
    columns = ", ".join(
        f"cast(id as {kind}) as {name}" for name, kind in COLUMNS.items()
    )
    spark.sql(f"create or replace temp view scanned as select {columns} from range(9)")
    query = rendered("scanned", **ALL_ARGUMENTS)
    [[plan]] = spark.sql(f"explain {query}").collect()
    assert plan.count("Range (0, 9") == 1
    assert "HashAggregate(keys=[order_id" in plan
    assert "SortAggregate" not in plan
