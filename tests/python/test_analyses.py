"""The questions in analyses/ run as they are, and name tables of the project only."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Site
from pyspark.sql import SparkSession

from python_jobs import dbt
from python_jobs.settings import PROJECT, Settings

QUESTIONS = sorted((PROJECT / "analyses").glob("*.sql"))
Column = dict[str, Any]
Change = Callable[[list[Column]], None]
TABLE = re.compile(r"\b(marts|personas|insights)\.(\w+)")


def test_there_are_ten_questions_and_each_says_what_it_asks() -> None:
    assert len(QUESTIONS) >= 10
    assert all(path.read_text().startswith("-- ") for path in QUESTIONS)
    assert all("?" in path.read_text() for path in QUESTIONS)


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_gets_an_answer(
    spark: SparkSession, generated: Settings, path: Path
) -> None:
    """Schemas have a prefix here; nothing else of the text is changed."""
    question = TABLE.sub(
        lambda table: f"{generated.schema(table[1])}.{table[2]}", path.read_text()
    )
    assert spark.sql(question).collect()


def test_the_exposure_names_the_tables_that_the_questions_read() -> None:
    exposures = yaml.safe_load((PROJECT / "models" / "exposures.yml").read_text())
    [listed] = (
        exposure["depends_on"]
        for exposure in exposures["exposures"]
        if exposure["name"] == "analyst_questions"
    )
    asked = {
        table[1] for path in QUESTIONS for table in TABLE.findall(path.read_text())
    }
    assert listed == [f"ref('{model}')" for model in sorted(asked)]


def test_all_that_analysts_query_is_documented_in_the_catalog(
    site: Site, tmp_path: Path
) -> None:
    """dbt-coverage over the tables as they are: no column without a description."""
    report = tmp_path / "coverage.json"
    command = [
        *(str(Path(sys.executable).with_name("dbt-coverage")), "compute", "doc"),
        *("--run-artifacts-dir", str(site.target)),
        *("--cov-report", str(report), "--cov-fail-under", "1.0"),
    ]
    for layer in ("marts", "personas", "insights"):
        command += ["--model-path-filter", f"models/{layer}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    coverage = json.loads(report.read_text())
    assert len(coverage["tables"]) > 30
    assert coverage["covered"] == coverage["total"] > 300


def test_comments_are_in_the_catalog(spark: SparkSession, generated: Settings) -> None:
    for schema in (generated.schema("marts"), generated.schema("insights")):
        for table in spark.catalog.listTables(schema):
            columns = spark.catalog.listColumns(f"{schema}.{table.name}")
            assert all(column.description for column in columns), table.name


def changed_project(folder: Path, model: str, change: Change) -> None:
    """Change the declared columns of one model of the project in the folder."""
    for path in (folder / "models").rglob("_models.yml"):
        declared = yaml.safe_load(path.read_text())
        for found in declared["models"]:
            if found["name"] == model:
                change(found["columns"])
                path.write_text(yaml.safe_dump(declared))


def test_a_mart_that_breaks_its_contract_is_not_built(
    spark: SparkSession,
    generated: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other digits, a column that is not declared, and one that is not built."""
    copied = tmp_path / "project"
    shutil.copytree(PROJECT, copied, ignore=shutil.ignore_patterns(".*", "benchmarks"))

    def widen(columns: list[Column]) -> None:
        [money] = (one for one in columns if one["name"] == "gross_revenue")
        assert money["data_type"] == "decimal(18,2)"
        money["data_type"] = "decimal(20,2)"

    broken: dict[str, Change] = {
        "fct_daily_sales": widen,
        "dim_segments": lambda columns: columns.remove(columns[-1]),
        "rpt_churn_risk": lambda columns: columns.append(
            {"name": "nowhere", "description": "No such.", "data_type": "int"}
        ),
    }
    for model, change in broken.items():
        changed_project(copied, model, change)
    monkeypatch.setattr(dbt, "PROJECT", copied)
    before = versions(spark, generated, *broken)
    lines: list[str] = []
    apart = ["--target-path", str(tmp_path / "target")]
    assert dbt.run(generated, ["run", "-s", *broken], apart, lines.append) == 1
    said = "\n".join(lines)
    assert said.count("enforced contract that failed") == len(broken)
    for difference in (
        r"gross_revenue\s*\| decimal\(18,2\)\s*\| decimal\(20,2\)",
        r"missing in contract",
        r"nowhere\s*\|\s*\| int\s*\| missing in definition",
    ):
        assert re.search(difference, said), said
    assert versions(spark, generated, *broken) == before


def versions(
    spark: SparkSession, settings: Settings, *models: str
) -> dict[str, int | None]:
    """The newest commit of each mart."""
    return {
        model: spark.sql(f"describe history {settings.schema('marts')}.{model}")
        .agg({"version": "max"})
        .collect()[0][0]
        for model in models
    }
