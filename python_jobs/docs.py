"""The docs site: dbt's own page, and beside it where each column comes from."""

from __future__ import annotations

from pathlib import Path

from python_jobs import dbt, lineage
from python_jobs.console import Bar
from python_jobs.settings import Settings
from python_jobs.site.files import publish

# What dbt's page asks for under the name of a placeholder, and what it means. Opened as
# a file, the page asks for its icons without end.
PLACEHOLDERS = {
    '<use xlink:href="{{ getIcon(': '<use ng-attr-href="{{ getIcon(',
    "${require('./assets/favicons/favicon.ico')}": "data:,",
}


def write(settings: Settings, bar: Bar) -> list[Path]:
    """Write the models' documentation and their column lineage; return where they are.

    Raises:
        UserError: dbt failed, or what it wrote tells of no columns.
    """
    dbt.run_with_progress(settings, ["docs", "generate"], ["--static"], bar)
    target = settings.dbt_folder
    # Both before either is published, so that they tell of the same models.
    pages = {
        "docs": _mended((target / "static_index.html").read_text()),
        "lineage": lineage.page(target),
    }
    return [publish(settings, folder, html) for folder, html in pages.items()]


def _mended(html: str) -> str:
    """The page of dbt, which then asks for nothing that is not there."""
    for placeholder, meant in PLACEHOLDERS.items():
        html = html.replace(placeholder, meant)
    return html
