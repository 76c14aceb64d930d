"""Values as people read them; what Jinja calls filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from markupsafe import Markup, escape

from python_jobs.site.cells import Cell

NOTHING = "n/a"
# The number and its sign stay on one line.
PERCENT = "\N{NO-BREAK SPACE}%"


def count(value: Any) -> str:
    """12,345."""
    return f"{value:,.0f}"


def money(value: Any) -> str:
    """12,345 or 67.89: cents only where they matter."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def share(value: Any) -> str:
    """12.3 %."""
    return f"{100 * value:,.1f}{PERCENT}"


def number(value: Any) -> str:
    """Two digits after the point."""
    return f"{value:,.2f}"


def change(value: Any) -> str:
    """+12.3 %."""
    return f"{_whole(100 * value):+,.1f}{PERCENT}"


def points(value: Any) -> str:
    """A difference of shares: +1.2 points."""
    return f"{_whole(100 * value):+,.1f} points"


def day(value: date | str) -> str:
    """31 December 2025; Thrift gives dates as text."""
    found = date.fromisoformat(str(value)[:10])
    return f"{found.day} {found:%B %Y}"


def month(value: date | str) -> str:
    """December 2025."""
    return f"{date.fromisoformat(str(value)):%B %Y}"


def moment(value: datetime) -> str:
    """31 December 2025, 23:59 UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"


def _whole(value: Any) -> Any:
    """One digit after the point, and no minus before a zero."""
    return round(value, 1) + 0


def text(value: Any) -> str:
    """As it is."""
    return str(value)


FORMATS: dict[str, Callable[[Any], str]] = {
    one.__name__: one
    for one in (count, money, share, number, change, points, day, month, text)
}
NUMERIC = {"count", "money", "share", "number", "change", "points"}


def told(form: str) -> Callable[[Cell], Markup]:
    """A filter that writes a cell with its origin, and NULL as a dash."""
    write = FORMATS[form]

    def filtered(cell: Cell) -> Markup:
        if cell.value is None:
            return Markup('<span class="unknown" title="not known">{}</span>').format(
                NOTHING
            )
        return Markup(
            '<data value="{}" data-query="{}" data-row="{}" data-column="{}">{}</data>'
        ).format(
            plain(cell.value),
            cell.query,
            cell.row,
            cell.column,
            escape(write(cell.value)),
        )

    return filtered


def plain(value: Any) -> str:
    """A value as a machine reads it."""
    return f"{value:f}" if hasattr(value, "as_tuple") else str(value)
