"""What analysts' tools get of the engine: its metadata, and the README's snippets."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyhive.hive import _unwrap_column
from TCLIService import ttypes

from python_jobs import session
from python_jobs.settings import PROJECT, Settings

ANALYSTS_LAYERS = ("marts", "personas", "insights")


def metadata(settings: Settings, call: str, *arguments: Any) -> list[dict[str, Any]]:
    """The rows of one of JDBC's metadata calls; its answer is a result like others."""
    with session.thrift(settings) as connection:
        client = connection.client
        request = getattr(ttypes, f"T{call}Req")(connection.sessionHandle, *arguments)
        operation = getattr(client, call)(request).operationHandle
        described = client.GetResultSetMetadata(
            ttypes.TGetResultSetMetadataReq(operation)
        )
        names = [column.columnName for column in described.schema.columns]
        fetched = client.FetchResults(
            ttypes.TFetchResultsReq(
                operation, ttypes.TFetchOrientation.FETCH_NEXT, 100_000
            )
        )
        values = [_unwrap_column(column) for column in fetched.results.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


@pytest.fixture(scope="module")
def models(generated: Settings) -> dict[tuple[str, str], dict[str, Any]]:
    """What dbt knows of the models for analysts, by layer and name."""
    manifest = json.loads((generated.dbt_folder / "manifest.json").read_text())
    found = {
        (node["fqn"][1], node["name"]): node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] in ANALYSTS_LAYERS
    }
    assert {layer for layer, _ in found} == {*ANALYSTS_LAYERS}
    return found


def test_a_sql_tool_lists_the_schemas(generated: Settings) -> None:
    listed = {row["TABLE_SCHEM"] for row in metadata(generated, "GetSchemas")}
    assert {generated.schema(layer) for layer in ANALYSTS_LAYERS} <= listed


@pytest.mark.parametrize("layer", ANALYSTS_LAYERS)
def test_a_sql_tool_shows_each_model_and_what_its_rows_are(
    generated: Settings, models: dict[tuple[str, str], dict[str, Any]], layer: str
) -> None:
    schema = generated.schema(layer)
    shown = {
        row["TABLE_NAME"]: (row["TABLE_TYPE"], row["REMARKS"].strip())
        for row in metadata(generated, "GetTables", None, schema, "%", None)
    }
    expected = {
        name: (
            "VIEW" if model["config"]["materialized"] == "view" else "TABLE",
            model["description"].strip(),
        )
        for (of, name), model in models.items()
        if of == layer
    }
    assert all(description for _, description in expected.values())
    assert {name: shown.get(name) for name in expected} == expected


@pytest.mark.parametrize("layer", ANALYSTS_LAYERS)
def test_a_sql_tool_shows_each_column_with_its_type_and_meaning(
    generated: Settings, models: dict[tuple[str, str], dict[str, Any]], layer: str
) -> None:
    schema = generated.schema(layer)
    shown: dict[str, dict[str, tuple[str, str]]] = {}
    for row in metadata(generated, "GetColumns", None, schema, "%", "%"):
        shown.setdefault(row["TABLE_NAME"], {})[row["COLUMN_NAME"]] = (
            row["TYPE_NAME"].partition("(")[0].partition("<")[0].lower(),
            row["REMARKS"].strip(),
        )
    expected = {
        name: {
            column["name"]: (
                column["data_type"].partition("(")[0].partition("<")[0],
                column["description"].strip(),
            )
            for column in model["columns"].values()
        }
        for (of, name), model in models.items()
        if of == layer
    }
    assert {name: shown.get(name) for name in expected} == expected


# -------------------------------------------------------------------------- the README


def snippets() -> list[str]:
    """The README's Python for analysts."""
    section = re.search(
        r"^## SQL for analysts\n(.*?)^## ",
        (PROJECT / "README.md").read_text(),
        re.DOTALL | re.MULTILINE,
    )
    return re.findall(r"```python\n(.*?)```", section[1], re.DOTALL) if section else []


@pytest.mark.parametrize("module", ["from pyhive", "import sqlalchemy", "from pyspark"])
def test_the_readmes_python_runs(
    generated: Settings, tmp_path: Path, module: str
) -> None:
    [code] = [code for code in snippets() if module in code]
    # This engine has other ports, and what the marts are called has a prefix here.
    for written, here in (
        ("10000", str(generated.thrift_port)),
        ("15002", str(generated.connect_port)),
        ("marts.", f"{generated.schema('marts')}."),
        ("/marts", f"/{generated.schema('marts')}"),
    ):
        code = code.replace(written, here)
    (tmp_path / ".behavior").symlink_to(generated.home)
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        # gRPC would ask a proxy that the environment names, even for this machine.
        env={**os.environ, "no_proxy": "localhost,127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Champions" in ran.stdout
