"""`behavior report`: what the marts say, as one page that needs nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from python_jobs import dbt, results, session
from python_jobs.console import Bar
from python_jobs.errors import UserError
from python_jobs.settings import Settings
from python_jobs.site import page, words
from python_jobs.site.cells import Questions
from python_jobs.site.files import publish

# What every section can do without, but not the page.
NEEDED = ("marts", "personas", "insights")


def write(settings: Settings, bar: Bar) -> Path:
    """Ask the marts, draw the page, and return where it is.

    Raises:
        UserError: The models are not there, or dbt failed.
    """
    _require_models(settings)
    dbt.run_with_progress(settings, ["source", "freshness"], [], bar)
    questions = Questions(
        lambda statement: session.query(settings, statement), settings.schema
    )
    html = page.render(
        questions,
        {
            "build": results.kept(settings),
            "freshness": results.freshness(settings),
            "written_at": words.moment(datetime.now(UTC)),
        },
    )
    return publish(settings, "", html)


def _require_models(settings: Settings) -> None:
    there = {row[0] for row in session.query(settings, "show schemas")[1]}
    missing = [layer for layer in NEEDED if settings.schema(layer) not in there]
    if missing:
        raise UserError(
            f"there are no models in {', '.join(missing)}: run `behavior build` first"
        )
