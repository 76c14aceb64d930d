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
# What to_char of Oracle and PostgreSQL calls the same, longest first.
TO_CHAR = {
    **{"HH24": "HH", "HH12": "hh", "YYYY": "yyyy", "MON": "MMM", "YY": "yy"},
    **{"MM": "MM", "DD": "dd", "MI": "mm", "SS": "ss", "AM": "a", "PM": "a"},
}
HOURS, HALF_DAY_HOURS, MONTHS, ZONES = "HhKk", "hK", "ML", "VzOXxZ"
# The letters that Spark can read, and how many of each at once; all others it only
# writes, or does not know.
READABLE = {
    **{"y": (2, 4), "M": (1, 2, 3, 4), "L": (1, 2, 3, 4), "G": (1, 2, 3, 4)},
    **{"D": (1, 2, 3), "d": (1, 2), "a": (1,), "S": range(1, 10)},
    **{"h": (1, 2), "H": (1, 2), "k": (1, 2), "K": (1, 2), "m": (1, 2), "s": (1, 2)},
    **{"V": (2,), "z": range(1, 5), "O": (1, 4), "Z": range(1, 6)},
    **{"X": range(1, 6), "x": range(1, 6)},
}
# A zone that is only text: it would be read past.
LITERAL_ZONE = re.compile(r"^\s*(Z|[A-Z]{3,5}|[+-]\d\d:?\d\d)\s*$")
LITERAL_OFFSET = re.compile(r"[+-]\d\d:?\d\d\s*$")
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

    def mend(self, text: str, fault: str) -> None:
        """Take other letters instead."""
        self.fault = f"{self.text} {fault}"
        self.text = text


def has_two_digit_years(pattern: str) -> bool:
    """Whether a year is written by its last two digits."""
    return "yy" in _parts(pattern)


def has_hours(pattern: str) -> bool:
    """Whether a time of day is written."""
    return any(part[0] in HOURS for part in _parts(pattern))


def has_minutes(pattern: str) -> bool:
    """Whether that is more than an hour."""
    return any(part[0] == "m" for part in _parts(pattern))


def has_zone(pattern: str) -> bool:
    """Whether a time zone is written."""
    return any(part[0] in ZONES for part in _parts(pattern))


def check(pattern: str) -> None:
    """Refuse a pattern that cannot mean what it looks like.

    Raises:
        UserError: It cannot; what is right, where that can be told.
    """
    if pattern in EPOCHS:
        return
    if pattern == "%s":
        raise _refused(pattern, ["% is strftime's"], "epoch_s")
    parts = _parts(pattern)
    if any(re.match("%[-#]?[A-Za-z]", part) for part in parts):
        raise _refused(pattern, ["% is strftime's"], _from_strftime(parts))
    if re.search("HH24|HH12|MI", "".join(parts)):
        raise _refused(pattern, ["HH24 and MI are to_char's"], _from_to_char(pattern))
    runs = {place: Letters(part) for place, part in enumerate(parts) if _is_run(part)}
    _mend(list(runs.values()))
    faults = [run.fault for run in runs.values() if run.fault]
    if faults:
        meant = "".join(
            runs[place].text if place in runs else part
            for place, part in enumerate(parts)
        )
        raise _refused(pattern, faults, meant)
    for fault in (
        _unreadable(parts, list(runs.values())),
        _zone_fault(pattern, parts),
        _missing([run.letter for run in runs.values()], pattern),
    ):
        if fault:
            raise UserError(f"the format {pattern!r} {fault}")


def _is_run(part: str) -> bool:
    return part[0].isascii() and part[0].isalpha()


def _parts(pattern: str) -> list[str]:
    """Quoted text, runs of one letter, and what stands between them."""
    return [found[0] for found in PARTS.finditer(pattern)]


def _unreadable(parts: list[str], runs: list[Letters]) -> str | None:
    """What Spark would stumble over."""
    plain = "".join(part for part in parts if len(part) == 1)
    if "'" in plain:
        return "cannot be read: a quote does not close"
    for run in runs:
        if run.letter not in READABLE:
            return (
                f"cannot be read: Spark reads no {run.letter} (take the rest by an "
                "`expression`)"
            )
        if len(run.text) not in READABLE[run.letter]:
            return f"cannot be read: Spark reads no {run.text}"
    if found := re.search("[{}#]", plain):
        return f"cannot be read: quote the {found[0]}"
    if plain.count("[") != plain.count("]"):
        return "cannot be read: a [ does not close"
    return None


def _zone_fault(pattern: str, parts: list[str]) -> str | None:
    """Where a zone is read past, or only sometimes there."""
    if not has_hours(pattern):
        return None
    quoted = [part[1:-1] for part in parts if part[0] == "'"]
    plain = "".join(part for part in parts if part[0] != "'")
    if any(map(LITERAL_ZONE.match, quoted)) or LITERAL_OFFSET.search(plain):
        return "reads past the zone: write XXX for it, or VV for its name"
    for optional in re.findall(r"\[([^\]]*)\]", plain):
        if set(ZONES).intersection(optional):
            return (
                "has a zone that may be missing: times without one would be another "
                "clock's, load them apart"
            )
    return None


def _missing(letters: list[str], pattern: str) -> str | None:
    """What is not said, or said twice; [alternatives] may repeat what others say."""
    twice = [one for one in letters if letters.count(one) > 1]
    if twice and "[" not in pattern:
        return f"says {twice[0]} twice"
    if "y" not in letters:
        return "says no year (yyyy)"
    if "d" in letters and not set(MONTHS).intersection(letters):
        return "says a day of no month (MM)"
    if "m" in letters and not set(HOURS).intersection(letters):
        return "says minutes of no hour (HH)"
    return None


def _mend(runs: list[Letters]) -> None:
    """Put right what is taken for something else, and say what it is."""
    for run in runs:
        if run.letter == "Y":
            run.mend("y" * len(run.text), "is the year of a week")
        elif run.letter == "u":
            run.mend("y" * len(run.text), "is nothing that Spark knows")
        elif run.text == "tt":
            run.mend("a", "is .NET's")
        if run.text in ("y", "yyy"):
            run.mend("yyyy", "takes 24 for the year 24")
    _mend_minutes(runs)
    letters = {run.letter for run in runs}
    has_half = "a" in letters
    for run in runs:
        of = len(run.text)
        if run.letter == "D" and letters.intersection(MONTHS):
            run.mend("d" * of, "is the day of the year")
        elif run.text == "DD":
            run.mend("DDD", "is the day of the year below 100")
        elif run.letter == "S" and "s" not in letters:
            run.mend("s" * min(of, 2), "is a fraction of a second")
        elif run.letter in HALF_DAY_HOURS and not has_half:
            run.mend("H" * of, "is an hour of half a day without its half (a)")
        elif run.letter in "Hk" and has_half:
            run.mend("h" * of, "is an hour of the whole day, of which a says the half")


def _mend_minutes(runs: list[Letters]) -> None:
    """Tell months from minutes: those of a time follow its hour."""
    follows_hour = [
        place > 0 and runs[place - 1].letter in HOURS for place in range(len(runs))
    ]
    months = [
        run.letter in MONTHS and not after
        for run, after in zip(runs, follows_hour, strict=True)
    ]
    if not any(months):
        for run, after in zip(runs, follows_hour, strict=True):
            if run.letter == "m" and not after:
                run.mend("M" * len(run.text), "is minutes")
                months = [True]
    for run, after in zip(runs, follows_hour, strict=True):
        if run.letter == "M" and after and any(months):
            run.mend("m" * len(run.text), "is the month")


def _from_strftime(parts: list[str]) -> str | None:
    """The same in Spark's letters, None where it has none."""
    meant, literal = "", ""
    for part in [*parts, "%"]:
        if part.startswith("%"):
            # A zone that is written out is one all the same.
            meant += "X" if literal == "Z" else _quoted(literal)
            literal = ""
            if part == "%":
                continue
            if part[-1] not in STRFTIME:
                return None
            letters = STRFTIME[part[-1]]
            meant += letters[0] if part[1] in "-#" and len(letters) == 2 else letters
        else:
            literal += part
    return meant


def _from_to_char(pattern: str) -> str | None:
    """The same in Spark's letters, None where some are left over."""
    names = re.compile("|".join(sorted(TO_CHAR, key=len, reverse=True)))
    if re.search("[A-Za-z]", names.sub("", pattern)):
        return None
    return names.sub(lambda found: TO_CHAR[found[0]], pattern)


def _quoted(literal: str) -> str:
    """Text that a pattern takes as it is."""
    return re.sub(r"[A-Za-z]+(?:[^A-Za-z]+[A-Za-z]+)*", r"'\g<0>'", literal)


def _refused(pattern: str, faults: list[str], meant: str | None) -> UserError:
    try:
        check(meant or "")
        instead = f": {meant} is meant"
    except UserError:
        instead = ": write Spark's letters"
    return UserError(
        f"the format {pattern!r} says something else than it looks like "
        f"({', '.join(faults)}){instead}"
    )
