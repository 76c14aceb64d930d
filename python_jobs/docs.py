"""The docs site: dbt's own page, and beside it where each column comes from."""

from __future__ import annotations

from pathlib import Path

from python_jobs import dbt, lineage
from python_jobs.console import Bar
from python_jobs.settings import Settings
from python_jobs.site.files import publish


def write(settings: Settings, bar: Bar) -> list[Path]:
    """Write the models' documentation and their column lineage; return where they are.

    Raises:
        UserError: dbt failed.
    """
    dbt.run_with_progress(settings, ["docs", "generate"], ["--static"], bar)
    target = settings.home / "target"
    return [
        publish(settings, "docs", (target / "static_index.html").read_text()),
        publish(settings, "lineage", lineage.page(target)),
    ]
