"""The docs site: the way of each column from raw data to marts, and its pages."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import visit
from conftest import Site
from playwright.sync_api import Browser, expect

from python_jobs import lineage, serve
from python_jobs.errors import UserError
from python_jobs.settings import Settings

PROJECT = "customer_behavior"
DESK = {"width": 1440, "height": 900}
# Made of no column: rows that are counted, and words and truths of the query itself.
OF_NO_COLUMN = re.compile(
    r".*_count|share_of_customers|is_.*_segment|is_trained_on|is_used"
    r"|has_quarantined_attributes|source_model|dbt_(scd_id|updated_at|valid_.*)"
)
OF_NO_COLUMN_BY_MODEL = {
    ("fct_value_fits", "model"),
    ("rpt_data_quality", "outcome"),
    ("rpt_lifetime_value_calibration", "target"),
}

# The nodes of dbt's graph are on a canvas: something is drawn on it.
DRAWN = """() => {
    const canvas = document.querySelector("canvas[data-id='layer2-node']");
    return canvas && canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0);
}"""

Column = tuple[str, str]


@pytest.fixture(scope="module")
def found(site: Site) -> dict[str, Any]:
    """The lineage as data."""
    return lineage.columns(site.target)


def model(name: str) -> str:
    """The id of a model."""
    return f"model.{PROJECT}.{name}"


def source(name: str) -> str:
    """The id of a source table."""
    return f"source.{PROJECT}.{name}"


def origins(found: dict[str, Any], start: Column) -> set[Column]:
    """The columns at the far end of all ways back."""
    parents = found["lineage"]["parents"]
    seen, ends, waiting = set(), set(), [start]
    while waiting:
        column = waiting.pop()
        if column in seen:
            continue
        seen.add(column)
        node, name = column
        above = (
            [(up["dbt_node"], up["column"]) for up in parents[node].get(name, [])]
            if node in parents
            else []
        )
        waiting += above
        if not above:
            ends.add(column)
    return ends


def test_every_column_comes_from_raw_data_a_seed_or_a_job(
    found: dict[str, Any],
) -> None:
    broken = set()
    for node_id, node in found["nodes"].items():
        if node["nodeType"] not in ("model", "snapshot"):
            continue
        for column in node["columns"]:
            for end_id, end in origins(found, (node_id, column)):
                kind, _project, name = end_id.split(".", 2)
                if kind in ("source", "seed") or OF_NO_COLUMN.fullmatch(end):
                    continue
                if (name, end) not in OF_NO_COLUMN_BY_MODEL:
                    broken.add((name, end))
    assert not broken


def test_nothing_is_read_that_dbt_does_not_know(found: dict[str, Any]) -> None:
    assert {node["nodeType"] for node in found["nodes"].values()} == {
        *("model", "source", "seed", "snapshot", "analysis", "exposure")
    }
    assert not found["errors"]


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        (("fct_customer_rfm", "monetary"), {("raw.transactions", "amount")}),
        (("dim_customers", "age"), {("raw.customers", "age")}),
        (("dim_customers", "tenure_days"), {("raw.customers", "registration_date")}),
        (("rpt_cohort_retention", "net_revenue"), {("raw.transactions", "amount")}),
        (("rpt_sales_by_category", "product_category"),
         {("raw.transactions", "product_category")}),
        (("rpt_executive_summary", "metric_value"), {("raw.transactions", "amount")}),
        (("rpt_recommendations", "net_revenue"), {("raw.transactions", "amount")}),
        (("rpt_insights", "statement"), {("raw.customers", "age")}),
        (("fct_customer_features", "category_shares"),
         {("raw.transactions", "product_category")}),
        (("fct_customer_personas", "persona_id"),
         {("ml.persona_assignments", "persona_id")}),
        (("dim_personas", "persona_name"), {("ml.personas", "persona_name")}),
        (("rpt_persona_profiles", "effect"), {("ml.persona_centroids", "effect")}),
        (("fct_customer_lifetime_value", "p_alive"),
         {("ml.value_parameters", "estimate"), ("raw.transactions", "transacted_at")}),
        (("fct_customer_churn", "p_alive"), {("ml.value_parameters", "estimate")}),
    ],
)  # fmt: skip
def test_a_column_leads_back_to_where_its_values_are_from(
    found: dict[str, Any], start: Column, ends: set[Column]
) -> None:
    name, column = start
    back = {
        (node.split(".", 2)[2], end)
        for node, end in origins(found, (model(name), column))
    }
    assert back >= ends


def test_a_job_shows_on_both_sides(found: dict[str, Any], site: Site) -> None:
    edges = {(edge["source"], edge["target"]) for edge in found["lineage"]["edges"]}
    manifest = json.loads((site.target / "manifest.json").read_text())
    for job, read in (
        ("persona_training", "fct_customer_features"),
        ("value_fit", "fct_customer_purchase_summary"),
    ):
        exposure = f"exposure.{PROJECT}.{job}"
        assert (model(read), exposure) in edges
        written = {target for start, target in edges if start == exposure}
        assert written == {
            name
            for name, one in manifest["sources"].items()
            if one["config"]["meta"].get("written_by") == job
        }
        for name in written:
            # dbt's page draws no such edge: there the two sides link each other.
            described = manifest["exposures"][exposure]["description"]
            assert f"(#!/source/{name})" in described
            assert (
                f"(#!/exposure/{exposure})"
                in (manifest["sources"][name]["description"])
            )
    assert {name for name in manifest["sources"] if ".ml." in name} <= {
        target for _start, target in edges
    }


@pytest.fixture(scope="module")
def served(site: Site, generated: Settings) -> Iterator[str]:
    """The address of the site."""
    server = serve.listen(replace(generated, home=site.folder.parent), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{serve.HOST}:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("way", ["served", "a file"])
def test_the_docs_find_a_model_and_open_the_graph(
    browser: Browser, site: Site, served: str, way: str
) -> None:
    file = (site.folder / "docs" / "index.html").as_uri()
    address = f"{served}/docs/" if way == "served" else file
    with visit(browser, address, viewport=DESK) as visited:
        page = visited.page
        page.get_by_placeholder("Search for models").fill("rpt_cohort_retention")
        page.locator(".search-result h4", has_text="rpt_cohort_retention").click()
        expect(page.get_by_role("heading", name="rpt_cohort_retention")).to_be_visible()
        expect(page).to_have_url(re.compile(model("rpt_cohort_retention")))
        page.locator("[ng-click='onLauncherClick()']").click()
        page.wait_for_function(DRAWN)
        # The icons of the tree are drawn, and no other is looked for.
        icon = page.locator(".menu-icon-off use[href^='#icn-']").first
        expect(icon).to_be_attached()
        assert icon.evaluate("one => !!document.querySelector(one.href.baseVal)")
        assert (visited.errors, visited.left) == ([], [])


def test_a_column_is_followed_to_raw_data_on_the_page(
    browser: Browser, site: Site
) -> None:
    address = (
        f"{(site.folder / 'lineage/index.html').as_uri()}"
        f"?model={model('fct_customer_rfm')}&column=monetary&parents=all&children=all"
    )
    with visit(browser, address, viewport=DESK) as visited:
        page = visited.page
        way = [
            (source("raw.transactions"), "amount"),
            (model("stg_transactions_resolved"), "amount"),
            (model("stg_transactions"), "amount"),
            (model("int_customer_days"), "net_amount"),
            (model("int_customer_lifetimes"), "net_revenue"),
            (model("dim_customers"), "net_revenue"),
            (model("fct_customer_rfm"), "monetary"),
            (model("rpt_rfm_segments"), "net_revenue"),
        ]
        for start, end in itertools.pairwise(way):
            edge = page.get_by_test_id(f"rf__edge-{'-'.join((*start, *end))}")
            expect(edge).to_be_attached()
        assert page.title() == "Column lineage"
        assert (visited.errors, visited.left) == ([], [])


def test_an_insight_is_followed_to_what_a_job_wrote_on_the_page(
    browser: Browser, site: Site
) -> None:
    address = (
        f"{(site.folder / 'lineage/index.html').as_uri()}"
        f"?model={model('rpt_persona_profiles')}&column=effect&parents=all&children=all"
    )
    way = [
        (source("ml.persona_centroids"), "effect"),
        (model("stg_persona_centroids"), "effect"),
        (model("rpt_persona_profiles"), "effect"),
    ]
    with visit(browser, address, viewport=DESK) as visited:
        for start, end in itertools.pairwise(way):
            name = f"rf__edge-{'-'.join((*start, *end))}"
            expect(visited.page.get_by_test_id(name)).to_be_attached()
        assert (visited.errors, visited.left) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_lineage_is_light_or_dark_as_the_system_is(
    browser: Browser, site: Site, scheme: str
) -> None:
    page = site.folder / "lineage" / "index.html"
    with visit(browser, page, color_scheme=scheme) as visited:
        expect(visited.page.locator("html")).to_have_class(scheme)


def test_the_lineage_leads_to_the_other_pages_on_a_phone_too(
    browser: Browser, site: Site
) -> None:
    page = site.folder / "lineage" / "index.html"
    phone = {"width": 390, "height": 844}
    for name, title in (("Report", "Customer insights"), ("Docs", "dbt Docs")):
        with visit(browser, page, viewport=phone) as visited:
            # What the page itself draws has come, and leaves the links free.
            drawn = visited.page.get_by_role("button", name="Model Info").first
            expect(drawn).to_be_visible()
            visited.page.get_by_label("Site").get_by_role("link", name=name).click()
            expect(visited.page).to_have_title(title)


def test_models_without_their_sql_are_one_clear_line(
    site: Site, tmp_path: Path
) -> None:
    """As `dbt source freshness`, which the report runs, leaves them."""
    manifest = json.loads((site.target / "manifest.json").read_text())
    for node in manifest["nodes"].values():
        node.pop("compiled_code", None)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    shutil.copy(site.target / "catalog.json", tmp_path)
    with pytest.raises(UserError, match=r"run `behavior docs` again$"):
        lineage.page(tmp_path)


def test_what_a_job_writes_is_drawn_after_the_job(browser: Browser, site: Site) -> None:
    address = (
        f"{(site.folder / 'lineage/index.html').as_uri()}"
        f"?model=exposure.{PROJECT}.persona_training&parents=1&children=all"
    )
    with visit(browser, address, viewport=DESK) as visited:
        for start, end in (
            (model("fct_customer_features"), f"exposure.{PROJECT}.persona_training"),
            (f"exposure.{PROJECT}.persona_training", source("ml.personas")),
        ):
            edge = visited.page.get_by_label(f"Edge from {start} to {end}")
            expect(edge.first).to_be_attached()


@pytest.mark.parametrize(
    "page", ["index.html", "docs/index.html", "lineage/index.html"]
)
def test_the_pages_link_each_other(site: Site, page: str) -> None:
    html = (site.folder / page).read_text()
    folder = (site.folder / page).parent
    links = {
        link
        for link in re.findall(r"(?:href=\"|\]\()(?!https?:|#|data:)([^\"#)?]+)", html)
        if link.endswith("index.html")
    }
    assert len(links) >= 2
    for link in links:
        assert (folder / link).is_file(), link
