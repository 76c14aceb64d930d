"""What a person sees while a command works: all of it on stderr."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

console = Console(stderr=True, highlight=False)


@dataclass
class Steps:
    """The steps of a command and the wall time of each, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show that a step is under way; when it has ended, how long it took."""
        started = time.monotonic()
        with progress(title):
            yield
        self.seconds[title] = time.monotonic() - started
        console.print(f"[green]✓[/] {title} [dim]{self.seconds[title]:.1f} s[/]")


@contextmanager
def progress(title: str) -> Iterator[None]:
    """A spinner with the time elapsed, where someone is watching."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        bar.add_task(title, total=None)
        yield
