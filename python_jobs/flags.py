"""The generator's options as flags of the command.

None stands for the generator's own default: it is shown here, but defined there, so
that no command has to import the generator to parse its arguments.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer


def _flag(kind: Any, help: str, default: str | bool = False, **more: Any) -> Any:
    option = typer.Option(help=help, show_default=default, **more)
    return Annotated[kind | None, option]


Customers = _flag(int, "Customers registered by the end of a new history.", "100000")
Transactions = _flag(int, "Expected transaction lines of a new history.", "500000")
Days = _flag(int, "Days of a new history.", "365")
AppendDays = _flag(int, "Continue the history by so many days instead.")
Seed = _flag(int, "What all chance depends on.", "42")
StartDate = _flag(
    datetime, "First day of a new history.", "2025-01-01", formats=["%Y-%m-%d"]
)
Personas = _flag(int, "How many of the hidden personas take part.", "6")
ReturnRate = _flag(float, "Part of the lines that are returned later.", "0.03")
LateRate = _flag(float, "Part of the lines that arrive days later.", "0.01")
CorrectedRate = _flag(float, "Part of the lines that are corrected later.", "0.005")
DuplicateRate = _flag(float, "Part of the lines that are delivered twice.", "0.002")
OrphanRate = _flag(float, "Part of the lines whose customer is nowhere.", "0.001")
BadRate = _flag(float, "Part of the rows that break a rule.", "0.001")
Season = Annotated[bool, typer.Option(help="Give the year a season.")]
WeekdayProfile = Annotated[bool, typer.Option(help="Let weekdays differ.")]
Trouble = Annotated[bool, typer.Option(help="Plant the trouble that has a rate.")]
