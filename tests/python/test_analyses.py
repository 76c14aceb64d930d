"""The questions in analyses/ run as they are, and name tables of the project only."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pyspark.sql import SparkSession

from python_jobs import dbt
from python_jobs.settings import PROJECT, Settings

QUESTIONS = sorted((PROJECT / "analyses").glob("*.sql"))
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
    generated: Settings, tmp_path: Path
) -> None:
    """dbt-coverage over the tables as they are: no column without a description."""
    assert dbt.run(generated, ["docs", "generate"], [], [].append) == 0
    report = tmp_path / "coverage.json"
    command = [
        *(str(Path(sys.executable).with_name("dbt-coverage")), "compute", "doc"),
        *("--run-artifacts-dir", str(generated.home / "target")),
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


def test_columns_have_the_types_of_their_contracts(
    spark: SparkSession, generated: Settings
) -> None:
    """A contract as dbt checks it overlooks how many digits a decimal has."""
    declared = {
        model["name"]: {
            column["name"]: column.get("data_type") for column in model["columns"]
        }
        for path in (PROJECT / "models").rglob("_models.yml")
        for model in yaml.safe_load(path.read_text())["models"]
    }
    stored = {
        table.name: {
            column.name: column.dataType
            for column in spark.catalog.listColumns(
                f"{generated.schema(layer)}.{table.name}"
            )
        }
        for layer in ("marts", "personas", "insights")
        for table in spark.catalog.listTables(generated.schema(layer))
    }
    assert len(stored) > 40
    assert stored == {name: declared[name] for name in stored}
