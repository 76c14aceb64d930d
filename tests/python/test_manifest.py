"""What the project promises of its models, checked over dbt's manifest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

PROJECT = Path(__file__).parents[2]
ANALYSTS_LAYERS = ("marts", "personas", "insights")

# Columns that name a row of another model, and that model.
FOREIGN_KEYS = {
    "customer_id": {"dim_customers"},
    "persona_id": {"dim_personas"},
    "runner_up_persona_id": {"dim_personas"},
    "batch_id": {"stg_batches"},
    "run_id": {"stg_persona_runs", "stg_value_runs"},
    "previous_run_id": {"stg_persona_runs"},
}
# Whom and what they tell of may be gone from the dimensions.
OF_THE_PAST = {
    # A build as of an earlier day: assert_personas_are_of_known_customers.
    "fct_customer_personas": {"customer_id"},
    "fct_customer_persona_history": {"customer_id", "persona_id"},
    "rpt_persona_changes": {"persona_id"},
}
# Views of rows that the rules of another model hold for.
PARTS_OF = {
    "rpt_sales_by_category": "fct_sales_by_attribute",
    "rpt_sales_by_payment_method": "fct_sales_by_attribute",
    "rpt_sales_by_hour_of_day": "fct_sales_by_attribute",
    "rpt_sales_by_day_and_hour": "fct_sales_by_attribute",
}
# Columns with one of a few values.
ENUMS = {
    "attribute", "block", "cadence_basis", "cadence_risk", "cohort_type", "day_type",
    "drift", "persona_change",
    "fixed_segment", "from_segment", "group_type", "kind", "measure", "method",
    "metric", "model", "outcome", "p_alive_risk", "previous_segment", "risk",
    "rule_type", "segment", "target", "test", "to_segment", "topic", "unit",
    "window_risk",
}  # fmt: skip
# Columns that hold what people or sources write.
FREE_TEXT = {
    "advice", "attribute_value", "audience", "channel", "cohort", "customer_history",
    "day_name", "evidence", "favourite_category", "favourite_payment_method", "feature",
    "gender", "group_name", "hour_of_day", "insight_id", "label", "location",
    "membership_level", "metric_description", "naming_reason", "no_calibration_reason",
    "no_fit_reason", "no_p_alive_reason", "no_value_reason", "payment_method",
    "persona_name", "previous_name", "product_category", "reason", "recommendation_id",
    "risk_reason",
    "source_filter", "source_model", "source_name", "source_query", "statement",
    "subject", "transaction_id", "age_band",
}  # fmt: skip


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The manifest of the project, parsed afresh."""
    target = tmp_path_factory.mktemp("target")
    result = dbtRunner().invoke(
        [
            *("parse", "--quiet", "--project-dir", str(PROJECT)),
            *("--profiles-dir", str(PROJECT / "profiles")),
            *("--target-path", str(target), "--log-path", str(target)),
        ]
    )
    assert result.success, result.exception
    return json.loads((target / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The models by name, each with its `tests`: the arguments of rows_satisfy."""
    found = {
        node["name"]: node | {"tests": []}
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    for node in manifest["nodes"].values():
        attached = node.get("attached_node")
        if node["resource_type"] == "test" and attached in manifest["nodes"]:
            model = found.get(manifest["nodes"][attached]["name"])
            if model is not None:
                # Any other test would be another scan.
                assert node["test_metadata"]["name"] == "rows_satisfy", node["name"]
                # What holds of some rows proves nothing of the table.
                assert not node["config"]["where"], node["name"]
                model["tests"].append(node["test_metadata"]["kwargs"])
    return found


def for_analysts(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The models that analysts query."""
    chosen = {
        name: model
        for name, model in models.items()
        if model["path"].split("/")[0] in ANALYSTS_LAYERS
    }
    assert len(chosen) > 30
    return chosen


def test_every_model_proves_its_grain(models: dict[str, dict[str, Any]]) -> None:
    # Events without a key, and a model of one row with a test of its own.
    exempt = {"stg_rejects", "int_customer_day_touches", "int_as_of_date"}
    without = {
        name
        for name, model in models.items()
        if not any(arguments.get("grain") for arguments in model["tests"])
    }
    assert without == exempt


def test_every_grain_is_stated_in_the_first_sentence(
    models: dict[str, dict[str, Any]],
) -> None:
    without = {
        name
        for name, model in models.items()
        if not model["description"].startswith("One row")
    }
    assert without == set()


def test_every_column_for_analysts_is_described_and_typed(
    models: dict[str, dict[str, Any]],
) -> None:
    without = [
        f"{name}.{column['name']}"
        for name, model in for_analysts(models).items()
        for column in model["columns"].values()
        if not (column["description"] and column["data_type"])
    ]
    assert without == []
    assert all(
        model["config"]["contract"]["enforced"]
        for model in for_analysts(models).values()
    )


def test_every_foreign_key_is_tested(models: dict[str, dict[str, Any]]) -> None:
    without = []
    for name, model in for_analysts(models).items():
        related = {
            (column, re.findall(r"\w+", field)[1])
            for arguments in model["tests"]
            for column, field in arguments.get("references", {}).items()
        }
        without += [
            f"{name}.{column}"
            for column in model["columns"]
            if column in FOREIGN_KEYS
            and name not in FOREIGN_KEYS[column]
            and column not in OF_THE_PAST.get(name, set())
            and not any((column, other) in related for other in FOREIGN_KEYS[column])
        ]
    assert without == []


def test_every_enum_is_tested(models: dict[str, dict[str, Any]]) -> None:
    without = []
    for name, model in for_analysts(models).items():
        listed = set()
        for arguments in model["tests"]:
            listed |= set(arguments.get("accepted_values", {}))
            listed |= set(arguments.get("accepted_from", {}))
            if len(arguments.get("grain", [])) == 1:
                # A table of the values themselves.
                listed |= set(arguments["grain"])
        without += [
            f"{name}.{column}"
            for column in model["columns"]
            if column in ENUMS and column not in listed
        ]
    assert without == []


def test_every_text_column_is_a_key_an_enum_or_free(
    models: dict[str, dict[str, Any]],
) -> None:
    unclassified = {
        column["name"]
        for model in for_analysts(models).values()
        for column in model["columns"].values()
        if column["data_type"] == "string"
    } - (set(FOREIGN_KEYS) | ENUMS | FREE_TEXT)
    assert unclassified == set()


def test_every_measure_rule_is_in_one_scan(models: dict[str, dict[str, Any]]) -> None:
    """One test a model, with rules where the model measures anything."""
    counts = {name: len(model["tests"]) for name, model in models.items()}
    assert {name: count for name, count in counts.items() if count != 1} == {
        "int_customer_day_touches": 0,
        # A second key: no two personas have one name.
        "dim_personas": 2,
    }
    ruled = {
        name: sum(bool(arguments.get("rules")) for arguments in model["tests"])
        for name, model in for_analysts(models).items()
    }
    assert {name for name, count in ruled.items() if count != 1} == set(PARTS_OF)
    for name, whole in PARTS_OF.items():
        assert ruled[whole] == 1
        assert models[name]["config"]["materialized"] == "view"
        assert len(models[name]["refs"]) == 1
        assert models[name]["refs"][0]["name"] == whole


def test_reports_that_partition_revenue_share_their_names(
    models: dict[str, dict[str, Any]],
) -> None:
    reports = {
        name: set(model["columns"])
        for name, model in for_analysts(models).items()
        if name.startswith("rpt_") and "share_of_revenue" in model["columns"]
    }
    assert len(reports) >= 7
    for name, columns in reports.items():
        assert {"net_revenue", "customer_count"} <= columns, name


def test_every_exposure_says_who_owns_it(manifest: dict[str, Any]) -> None:
    names = {exposure["name"] for exposure in manifest["exposures"].values()}
    assert names == {
        *("persona_training", "value_fit", "run_summary", "analyst_questions"),
        *("insights_report", "lineage_docs"),
    }
    assert all(
        exposure["description"] and exposure["owner"]["name"]
        for exposure in manifest["exposures"].values()
    )


def test_the_exposure_of_the_report_names_what_its_queries_read(
    manifest: dict[str, Any],
) -> None:
    queries = (PROJECT / "python_jobs" / "site" / "queries").glob("*.sql")
    read = {
        name
        for query in queries
        for name in re.findall(r"(?:from|join) \w+\.(\w+)", query.read_text())
    }
    [exposure] = (
        one
        for one in manifest["exposures"].values()
        if one["name"] == "insights_report"
    )
    named = {node_id.split(".")[2] for node_id in exposure["depends_on"]["nodes"]}
    assert named == read


def test_what_changes_rows_marks_them_and_compacts(manifest: dict[str, Any]) -> None:
    """Without deletion vectors a day rewrites all files that hold a row of it."""
    changing = {
        node["name"]: node["config"]
        for node in manifest["nodes"].values()
        if node["config"].get("materialized") in {"incremental", "snapshot"}
    }
    assert len(changing) > 10
    for name, config in changing.items():
        properties = config.get("tblproperties") or {}
        assert properties.get("delta.enableDeletionVectors") == "true", name
    # A few rows a month, and some dozens a day.
    left_alone = {"int_daily_sales", "int_rfm_month_thresholds"}
    assert {
        name
        for name, config in changing.items()
        if not any("compact()" in hook["sql"] for hook in config["post-hook"])
    } <= left_alone
