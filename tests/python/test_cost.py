"""What a build costs must follow what is new, and must not fall on one core.

Counts, not seconds: plans as EXPLAIN shows them. What increments write is counted in
test_increments.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import Site
from pyspark.sql import SparkSession

# Windows over all rows at once, which one task sorts: of what there are so few rows.
FEW_ROWS = {
    "fct_daily_sales": "one per calendar day",
    "fct_purchase_gaps": "one per length of a gap in days",
    "fct_customer_churn": "one per length of a gap in days",
    "rpt_churn_backtest": "one per length of a gap in days",
    "rpt_executive_summary": "one per month",
    "rpt_recommendations": "one per month end and movement",
    "dim_personas": "one per persona",
    "rpt_customers_by_persona": "one per persona",
}
# Aggregates that hold more than numbers, so that Spark sorts: of what so few rows.
SORTED_ROWS = {
    "fct_customer_rfm_monthly": "three per month end",
    "stg_persona_runs": "one per training",
    "stg_value_runs": "one per fit",
}


@pytest.fixture(scope="module")
def plans(site: Site, spark: SparkSession) -> dict[str, str]:
    """The plan of each model, of incremental ones that of an increment.

    What the docs are made of holds all models as dbt compiles them once they are built.
    """
    manifest = json.loads((site.target / "manifest.json").read_text())
    found = {
        node["name"]: spark.sql(f"explain {node['compiled_code']}").collect()[0][0]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    # EXPLAIN of what cannot be planned is no error.
    assert all(plan.startswith("== Physical Plan ==") for plan in found.values())
    return found


def has_window_in_one_partition(plan: str) -> bool:
    """Whether a window's input comes together in one task."""
    lines = plan.splitlines()
    windows = [
        place for place, line in enumerate(lines) if re.search(r"\bWindow", line)
    ]
    return any(
        "SinglePartition" in next((x for x in lines[place:] if "Exchange" in x), "")
        for place in windows
    )


def test_no_model_puts_all_customers_through_one_task(plans: dict[str, str]) -> None:
    found = {name for name, plan in plans.items() if has_window_in_one_partition(plan)}
    assert found == set(FEW_ROWS)


def test_no_model_sorts_to_aggregate(plans: dict[str, str]) -> None:
    assert {n for n, plan in plans.items() if "SortAggregate" in plan} == set(
        SORTED_ROWS
    )


def test_a_window_over_all_customers_would_be_found(spark: SparkSession) -> None:
    ranked = "select id, rank() over (order by hash(id)) from range(10)"
    [[plan]] = spark.sql(f"explain {ranked}").collect()
    assert has_window_in_one_partition(plan)


def test_every_model_is_explained(plans: dict[str, str]) -> None:
    models = Path(__file__).parents[2] / "models"
    assert set(plans) == {file.stem for file in models.rglob("*.sql")}
