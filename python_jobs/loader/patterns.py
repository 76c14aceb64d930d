"""Spark's patterns of dates and times: what they say, and what was meant by them.

A pattern that means something else than it looks like is worse than none: `yyyy-mm-dd`
reads every date, as a day of January. So it is refused, with the right one beside it.
The letters: https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from python_jobs.errors import UserError

# Units since 1970-01-01 00:00 UTC, in microseconds.
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
# What strftime of C and Python calls the same.
STRFTIME = {
    **{"Y": "yyyy", "y": "yy", "m": "MM", "d": "dd", "e": "d", "j": "DDD"},
    **{"b": "MMM", "h": "MMM", "B": "MMMM", "H": "HH", "I": "hh", "M": "mm"},
    **{"S": "ss", "f": "SSSSSS", "p": "a", "z": "xx", "Z": "z"},
    **{"F": "yyyy-MM-dd", "D": "MM/dd/yy", "T": "HH:mm:ss", "R": "HH:mm", "%": "%"},
}
HOURS, HALF_DAY_HOURS, MONTHS = "HhKk", "hK", "ML"
# The letters that Spark can read, and how many of each at once; all others it only
# writes, or does not know.
READABLE = {
    **{"y": 6, "M": 4, "L": 4, "G": 4, "D": 3, "d": 2, "a": 1, "S": 9, "V": 2},
    **{"h": 2, "H": 2, "k": 2, "K": 2, "m": 2, "s": 2},
    **{"z": 4, "O": 4, "X": 5, "x": 5, "Z": 5},
}
PARTS = re.compile(r"'(?:[^']|'')*'|%[-#]?[A-Za-z%]|([A-Za-z])\1*|.", re.DOTALL)


@dataclass
class Letters:
    """A run of one letter in a pattern; where it was mended, what was wrong."""

    text: str
    fault: str | None = None

    @property
    def letter(self) -> str:
        """Which letter it is."""
        return self.text[0]

    def mend(self, letter: str, fault: str) -> None:
        """Take another letter instead."""
        self.fault = f"{self.text} {fault}"
        self.text = letter * len(self.text)


def has_two_digit_years(pattern: str) -> bool:
    """Whether a year is written by its last two digits."""
    return "yy" in _parts(pattern)


def has_hours(pattern: str) -> bool:
    """Whether a time of day is written."""
    return any(part[0] in HOURS for part in _parts(pattern))


def has_zone(pattern: str) -> bool:
    """Whether a time zone is written."""
    return any(part[0] in "VzOXxZ" for part in _parts(pattern))


def check(pattern: str) -> None:
    """Refuse a pattern that cannot mean what it looks like.

    Raises:
        UserError: It cannot; what is right, where that can be told.
    """
    if pattern in EPOCHS:
        return
    parts = _parts(pattern)
    if pattern == "%s":
        raise _refused(pattern, ["% is strftime's"], "epoch_s")
    if any(re.match("%[-#]?[A-Za-z]", part) for part in parts):
        raise _refused(pattern, ["% is strftime's"], _from_strftime(parts))
    runs = {
        place: Letters(part) for place, part in enumerate(parts) if part[0].isalpha()
    }
    _mend(list(runs.values()))
    faults = [run.fault for run in runs.values() if run.fault]
    if faults:
        meant = "".join(
            runs[place].text if place in runs else part
            for place, part in enumerate(parts)
        )
        raise _refused(pattern, faults, meant)
    letters = [run.letter for run in runs.values()]
    if many := [one.text for one in runs.values() if _is_too_long(one)]:
        raise UserError(
            f"the format {pattern!r} cannot be read: {many[0]} has too many letters"
        )
    if found := re.search("['{}#]", "".join(part for part in parts if len(part) == 1)):
        raise UserError(
            f"the format {pattern!r} cannot be read: "
            + ("a quote does not close" if found[0] == "'" else f"quote the {found[0]}")
        )
    if unread := [letter for letter in letters if letter not in READABLE]:
        raise UserError(
            f"the format {pattern!r} cannot be read: Spark reads no {unread[0]} (take "
            "the rest by an `expression`)"
        )
    if twice := [letter for letter in letters if letters.count(letter) > 1]:
        raise UserError(f"the format {pattern!r} says {twice[0]} twice")
    if "y" not in letters:
        raise UserError(f"the format {pattern!r} says no year (yyyy)")
    if "d" in letters and not set(MONTHS).intersection(letters):
        raise UserError(f"the format {pattern!r} says a day of no month (MM)")
    if "m" in letters and not set(HOURS).intersection(letters):
        raise UserError(f"the format {pattern!r} says minutes of no hour (HH)")


def _is_too_long(run: Letters) -> bool:
    return len(run.text) > READABLE.get(run.letter, len(run.text))


def _parts(pattern: str) -> list[str]:
    """Quoted text, runs of one letter, and what stands between them."""
    return [found[0] for found in PARTS.finditer(pattern)]


def _mend(runs: list[Letters]) -> None:
    """Put right what is taken for something else, and say what it is."""
    for run in runs:
        if run.letter == "Y":
            run.mend("y", "is the year of a week")
        elif run.letter == "u":
            run.mend("y", "is nothing that Spark knows")
    _mend_minutes(runs)
    letters = {run.letter for run in runs}
    for run in runs:
        if run.letter == "D" and letters.intersection(MONTHS):
            run.mend("d", "is the day of the year")
        elif run.text == "DD":
            run.mend("D", "is the day of the year below 100")
            run.text = "DDD"
        elif run.letter == "S" and "s" not in letters:
            run.mend("s", "is a fraction of a second")
        elif run.letter in HALF_DAY_HOURS and "a" not in letters:
            run.mend("H", "is an hour of half a day without its half (a)")


def _mend_minutes(runs: list[Letters]) -> None:
    """Tell months from minutes: those of a time follow its hour."""
    has_hour = any(run.letter in HOURS for run in runs)
    has_month = any(
        run.letter in MONTHS and not _follows_hour(runs, place)
        for place, run in enumerate(runs)
    )
    for place, run in enumerate(runs):
        follows_hour = _follows_hour(runs, place)
        if run.letter == "m" and not has_month and not follows_hour:
            run.mend("M", "is minutes")
        elif run.letter == "M" and has_month and has_hour and follows_hour:
            run.mend("m", "is the month")


def _follows_hour(runs: list[Letters], place: int) -> bool:
    return place > 0 and runs[place - 1].letter in HOURS


def _from_strftime(parts: list[str]) -> str | None:
    """The same in Spark's letters, None where it has none."""
    meant = []
    for part in parts:
        if part.startswith("%") and len(part) > 1:
            if part[-1] not in STRFTIME:
                return None
            meant.append(STRFTIME[part[-1]])
        else:
            meant.append(f"'{part}'" if part[0].isalpha() else part)
    return "".join(meant)


def _refused(pattern: str, faults: list[str], meant: str | None) -> UserError:
    instead = f": {meant} is meant" if meant else ": write Spark's letters"
    return UserError(
        f"the format {pattern!r} says something else than it looks like "
        f"({', '.join(faults)}){instead}"
    )
