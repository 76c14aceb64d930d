"""Column lineage: which columns each column is made of, drawn by dbt-colibri.

Colibri reads dbt's manifest and catalog and follows the columns through the compiled
SQL. It knows no dbt-spark; to it, this project is one on Databricks, which speaks the
same SQL, with names in three parts.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor
from dbt_colibri.report import generator

from python_jobs.errors import UserError

# What colibri's page says, and what it should say here.
CHANGES = {
    "<title>Colibri Data</title>": "<title>Column lineage</title>",
    # As the other pages: light or dark as the reader's system is.
    'defaultTheme:"light"': 'defaultTheme:"system"',
    # In the bar at the bottom, which is empty there; the page itself leads nowhere.
    '<div id="root"></div>': """<div id="root"></div>
    <nav aria-label="Site" style="position: fixed; z-index: 10; bottom: 0; right: 48px;
      font: 12px/24px system-ui, sans-serif; color: hsl(var(--foreground))">
      <a href="../index.html" style="text-decoration: underline">Report</a> ·
      <a href="../docs/index.html" style="text-decoration: underline">Docs</a>
    </nav>""",
}


def page(target: Path) -> str:
    """The lineage as a page that needs nothing else.

    It opens at a column where its address says so, `?model=ID&column=NAME` with
    `&parents=all&children=all`; without both of them it draws whole models, too.

    Args:
        target: The folder with what `dbt docs generate` wrote.

    Raises:
        UserError: Another dbt command has written over it.
    """
    found = columns(target)
    # The page finds parents and children in the edges.
    found["lineage"] = {"edges": found["lineage"]["edges"]}
    template = Path(generator.__file__).with_name("index.html")
    with tempfile.TemporaryDirectory() as folder:
        written = generator.inject_data_into_html(
            found, str(template), f"{folder}/index.html", disable_telemetry=True
        )
        html = Path(written).read_text(encoding="utf-8")
    for said, meant in CHANGES.items():
        html = html.replace(said, meant, 1)
    return html


def columns(target: Path) -> dict[str, Any]:
    """The lineage as data.

    Args:
        target: The folder with what `dbt docs generate` wrote.

    Returns:
        `nodes` by their id, and in `lineage` the `edges` between nodes and columns, and
        the `parents` of each column: {node: {column: [{dbt_node, column}]}}.

    Raises:
        UserError: Another dbt command has written over it.
    """
    manifest, catalog = (
        json.loads((target / name).read_text())
        for name in ("manifest.json", "catalog.json")
    )
    # Without the SQL of the models colibri draws a page without a single column's way.
    if not all(
        node.get("compiled_code")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    ):
        raise UserError(
            "another dbt command has replaced the compiled models meanwhile: "
            "run `behavior docs` again"
        )
    for artifact in (manifest, catalog):
        artifact["metadata"]["adapter_type"] = "databricks"
    for node in [*manifest["nodes"].values(), *manifest["sources"].values()]:
        if node.get("relation_name"):
            # A catalog without a name, as dbt-spark has none.
            node["relation_name"] = f".{node['relation_name']}"
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, name)) for name in ("manifest.json", "catalog.json")]
        for file, artifact in zip(files, (manifest, catalog), strict=True):
            Path(file).write_text(json.dumps(artifact))
        extractor = DbtColumnLineageExtractor(*files)
        found = generator.DbtColibriReportGenerator(
            extractor, disable_telemetry=True
        ).build_full_lineage()
    found["lineage"]["edges"] += _written_by(manifest, len(found["lineage"]["edges"]))
    return found


def _written_by(manifest: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """Edges from the jobs outside dbt to the sources that they write.

    dbt draws what such a job reads, as an exposure, and what it leaves, as a source;
    only `meta.written_by` of the source says that these are two sides of one thing.
    """
    project = manifest["metadata"]["project_name"]
    written = {
        source_id: source["config"]["meta"]["written_by"]
        for source_id, source in manifest["sources"].items()
        if "written_by" in source["config"].get("meta", {})
    }
    return [
        {
            "id": count + number,
            "source": f"exposure.{project}.{job}",
            "target": source_id,
            "sourceColumn": "",
            "targetColumn": "",
        }
        for number, (source_id, job) in enumerate(written.items(), start=1)
    ]
