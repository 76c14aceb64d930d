"""What `behavior run` made, told in a few small tables on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from python_jobs import session
from python_jobs.settings import Settings

LAYERS = (
    *("raw", "staging", "intermediate", "marts"),
    *("ml", "personas", "insights"),
)
# Where the output goes to a file, a reason must not wrap at 80 columns.
PIPE_WIDTH = 160


def show(settings: Settings, seconds: dict[str, float], pages: list[Path]) -> None:
    """Print rows by layer, the main findings, times, and where to go from here."""
    out = Console(highlight=False, emoji=False)
    if not out.is_terminal:
        out.width = PIPE_WIDTH
    _print(out, "Rows by layer", ["layer", "tables", "rows"], _layers(settings))
    _print(
        out,
        "Segments (by quintile scores)",
        ["segment", "customers", "net revenue"],
        _query(
            settings,
            "select segment, customer_count, net_revenue "
            f"from {settings.schema('marts')}.rpt_rfm_segments "
            "where method = 'quintile' order by net_revenue desc",
        ),
    )
    _print(
        out,
        "Personas",
        ["id", "persona", "customers", "why this name"],
        _query(
            settings,
            "select persona_id, persona_name, customer_count, naming_reason "
            f"from {settings.schema('personas')}.dim_personas order by persona_id",
        ),
    )
    _print(
        out,
        "What to do first",
        ["priority", "audience", "advice", "evidence"],
        _query(
            settings,
            "select priority, audience, advice, evidence "
            f"from {settings.schema('insights')}.rpt_recommendations "
            "order by priority, net_revenue desc limit 5",
        ),
    )
    _print(
        out,
        "Wall time",
        ["step", "seconds"],
        [
            *((step, f"{taken:.1f}") for step, taken in seconds.items()),
            ("in all", f"{sum(seconds.values()):.1f}"),
        ],
    )
    segments = f"{settings.schema('marts')}.rpt_rfm_segments"
    out.print(
        f'Query it:  behavior sql "select * from {segments}"\n'
        f"or with any JDBC tool:  {settings.jdbc_url}  (any user name, no password)\n"
        f"Look at it:  {pages[0]}\n"
        f"Read about it:  {pages[1]}\n"
        f"Follow a column:  {pages[2]}\n"
        "or all of it in a browser:  behavior serve",
        markup=False,
        soft_wrap=True,
    )
    if settings.is_local:
        out.print("The engine stays up; stop it with:  behavior down")


def _layers(settings: Settings) -> list[tuple[str, int, int]]:
    """The number of tables and views of each layer that has any, and their rows."""
    found = []
    for layer in LAYERS:
        schema = settings.schema(layer)
        if not _query(settings, f"show schemas like '{schema}'"):
            continue
        tables = [row[1] for row in _query(settings, f"show tables in {schema}")]
        if not tables:
            continue
        counts = " union all ".join(
            f"select count(*) as row_count from {schema}.{table}" for table in tables
        )
        [(rows,)] = _query(settings, f"select sum(row_count) from ({counts})")
        found.append((layer, len(tables), rows))
    return found


def _query(settings: Settings, statement: str) -> list[tuple[Any, ...]]:
    return session.query(settings, statement)[1]


def _print(
    out: Console, title: str, columns: list[str], rows: list[tuple[Any, ...]]
) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        numeric = column in ("tables", "rows", "customers", "net revenue", "seconds")
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_text(value) for value in row))
    out.print(table, markup=False)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:,}"
