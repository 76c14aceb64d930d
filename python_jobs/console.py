"""What a person sees while a command works: all of it on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

# A word between colons in a path or a message is no emoji.
console = Console(stderr=True, highlight=False, emoji=False)


@dataclass(frozen=True)
class Bar:
    """The progress of one step: a spinner until it is known how much there is."""

    shown: Progress
    task: TaskID

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` is done."""
        self.shown.update(self.task, completed=done, total=total)


@dataclass
class Steps:
    """The steps of a command and the wall time of each, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[Bar]:
        """Show that a step is under way; when it has ended, how long it took."""
        started = time.monotonic()
        with progress(title) as bar:
            yield bar
        self.seconds[title] = time.monotonic() - started
        console.print(f"[green]✓[/] {title} [dim]{self.seconds[title]:.1f} s[/]")


@contextmanager
def progress(title: str) -> Iterator[Bar]:
    """A bar with the time elapsed, where someone is watching."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as shown:
        yield Bar(shown, shown.add_task(title, total=None))
