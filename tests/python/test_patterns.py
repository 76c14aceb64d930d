"""Patterns of dates and times: refused where they mean another thing than they show."""

from __future__ import annotations

import pytest

from python_jobs.errors import UserError
from python_jobs.loader import mapping, patterns

# What is written, what it would be taken for, and what was meant.
REFUSED = [
    ("yyyy-mm-dd", "mm is minutes", "yyyy-MM-dd"),
    ("dd/mm/yyyy", "mm is minutes", "dd/MM/yyyy"),
    ("yyyy-mm-dd HH:mm:ss", "mm is minutes", "yyyy-MM-dd HH:mm:ss"),
    ("HH:mm dd.mm.yyyy", "mm is minutes", "HH:mm dd.MM.yyyy"),
    ("yyyymmddHHmm", "mm is minutes", "yyyyMMddHHmm"),
    ("yyyy-MM-dd HH:MM", "MM is the month", "yyyy-MM-dd HH:mm"),
    ("yyyy-MM-DD", "DD is the day of the year", "yyyy-MM-dd"),
    ("yyyy-DD", "DD is the day of the year below 100", "yyyy-DDD"),
    ("YYYY-MM-dd", "YYYY is the year of a week", "yyyy-MM-dd"),
    ("uuuu-MM-dd", "uuuu is nothing that Spark knows", "yyyy-MM-dd"),
    ("yyyy-MM-dd hh:mm", "hh is an hour of half a day", "yyyy-MM-dd HH:mm"),
    ("yyyy-MM-dd HH:mm:SS", "SS is a fraction of a second", "yyyy-MM-dd HH:mm:ss"),
    ("DD.MM.YYYY", "DD is the day of the year, YYYY", "dd.MM.yyyy"),
    ("%Y-%m-%d", "% is strftime's", "yyyy-MM-dd"),
    ("%d/%b/%Y:%H:%M:%S", "% is strftime's", "dd/MMM/yyyy:HH:mm:ss"),
    ("%Y-%m-%dT%H:%M", "% is strftime's", "yyyy-MM-dd'T'HH:mm"),
    ("%d.%m.%Y um %H:%M", "% is strftime's", "dd.MM.yyyy 'um' HH:mm"),
    ("%-d.%-m.%y", "% is strftime's", "d.M.yy"),
    ("%Y-%m-%dT%H:%M:%SZ", "% is strftime's", "yyyy-MM-dd'T'HH:mm:ssX"),
    ("%s", "% is strftime's", "epoch_s"),
    ("yyyy-mm-dd HH:MM", "mm is minutes, MM is the month", "yyyy-MM-dd HH:mm"),
    ("M/d/yyyy h:mm:ss tt", "tt is .NET's", "M/d/yyyy h:mm:ss a"),
    ("YYYY-MM-DD HH24:MI:SS", "are to_char's", "yyyy-MM-dd HH:mm:ss"),
    ("yyyy-MM-dd HH:mm a", "HH is an hour of the whole day", "yyyy-MM-dd hh:mm a"),
    ("M/d/y", "y takes 24 for the year 24", "M/d/yyyy"),
]


@pytest.mark.parametrize(("pattern", "fault", "meant"), REFUSED)
def test_what_means_another_thing_is_refused_with_the_right_one_beside_it(
    pattern: str, fault: str, meant: str
) -> None:
    with pytest.raises(UserError) as refused:
        patterns.check(pattern)
    said = str(refused.value)
    assert said.startswith(f"the format {pattern!r} says something else")
    assert fault in said
    assert said.endswith(f": {meant} is meant")
    # What is advised would not be refused in its turn.
    patterns.check(meant)


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("HH:mm", "says no year (yyyy)"),
        ("dd.MM.", "says no year (yyyy)"),
        ("yyyy dd", "says a day of no month (MM)"),
        ("yyyy-MM-dd mm", "says minutes of no hour (HH)"),
        ("dd.MM.yyyy dd", "says d twice"),
        ("EEE, d MMM yyyy", "Spark reads no E"),
        ("%G-%V", "write Spark's letters"),
        ("yyyy-MMMMMM-dd", "Spark reads no MMMMMM"),
        ("yyyy-MM-dd HH:mm V", "Spark reads no V"),
        ("yyyy-MM-dd]", "a [ does not close"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "reads past the zone: write XXX"),
        ("yyyy-MM-dd HH:mm:ss+00:00", "reads past the zone"),
        ("yyyy-MM-dd HH:mm[XXX]", "has a zone that may be missing"),
        ("yyyy-MM-dd'T HH:mm", "a quote does not close"),
        ("yyyy#MM#dd", "quote the #"),
    ],
)
def test_what_means_nothing_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(UserError) as refused:
        patterns.check(pattern)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "pattern",
    [
        *("yyyyMMdd", "dd.MM.yy", "d/M/yyyy", "yyyy", "yyyy-MM", "MMM d, yyyy"),
        *("yyyyDDD", "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "dd.MM.yyyy[ HH:mm]"),
        *("MM/dd/yyyy hh:mm a", "d.M.yyyy 'um' HH'h'mm", "yyyyMMddHHmmss"),
        *("yyyy-MM-dd kk:mm", "epoch_s", "epoch_ms", "epoch_us"),
        *("yyyy年MM月dd日", "d.M.yyyy à HH:mm", "[yyyy-MM-dd][dd.MM.yyyy]"),
        *("dd.MM.yyyy[ HH:mm:ss][ HH:mm]", "yyyy-MM-dd HH:mm:ss VV"),
    ],
)
def test_what_means_what_it_shows_is_taken(pattern: str) -> None:
    patterns.check(pattern)


def test_a_mapping_says_which_column_has_the_pattern() -> None:
    with pytest.raises(
        UserError, match=r"^transacted_at: the format 'yyyy-mm-dd' says"
    ):
        mapping.parse(
            "kind: transactions\n"
            "columns: {customer_id: who, amount: money, transacted_at: "
            "{column: when, format: yyyy-mm-dd}}"
        )


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ("format: dd.MM.yy, pivot: 101", "must be a number from 0 to 100"),
        ("format: dd.MM.yy, pivot: true", "must be a number from 0 to 100"),
        ("format: dd.MM.yyyy, pivot: 50", "is for a format with years of two digits"),
        ("pivot: 50", "is for a format with years of two digits"),
    ],
)
def test_a_pivot_is_of_two_digits(of: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        mapping.parse(
            "kind: transactions\n"
            "columns: {customer_id: who, amount: money, transacted_at: "
            f"{{column: when, {of}}}}}"
        )
