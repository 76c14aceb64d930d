"""What only all values of a column together can tell: looked for in one scan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

WHOLE = r"^\d+\.0+$"
FRACTION = r"^\d+\.\d*[1-9]\d*$"
# A thousand by a point, or money with a tenth of a cent.
THOUSAND = r"^[+-]?[1-9]\d{0,2}\.\d{3}$"


@dataclass(frozen=True)
class Doubts:
    """What was found, with an example each.

    Attributes:
        whole: Ids of which some are written 17850.0 and none has a fraction. Tools that
            know no missing whole number write all of a column's so, where one is
            missing: the same customer has then two spellings.
        thousands: Numbers of which some have three digits after a point.
        rows: How many rows there are.
    """

    whole: dict[str, tuple[int, str]]
    thousands: dict[str, tuple[int, str]]
    rows: int

    @property
    def told(self) -> list[str]:
        """A line for each."""
        return [
            f"{name}: {count:,} whole numbers with a point, such as {example}, are "
            "taken for the same without it"
            for name, (count, example) in self.whole.items()
        ] + [
            f"{name}: {count:,} of {self.rows:,} have three digits after the point, "
            f"such as {example}: if these are thousands, say `thousands: '.', decimal: "
            "','`"
            for name, (count, example) in self.thousands.items()
        ]


def doubts(
    rows: DataFrame, ids: dict[str, Column], numbers: dict[str, Column]
) -> Doubts:
    """Look at all ids, and at all numbers that are texts."""
    from pyspark.sql import functions as F

    sums = [F.count(F.lit(1))]
    for text in ids.values():
        is_whole = text.rlike(WHOLE)
        has_fraction = F.coalesce(F.bool_or(text.rlike(FRACTION)), F.lit(False))
        sums += [F.count_if(is_whole), F.min(F.when(is_whole, text)), has_fraction]
    for text in numbers.values():
        may_be = text.rlike(THOUSAND)
        sums += [F.count_if(may_be), F.min(F.when(may_be, text))]
    count, *found = rows.agg(*sums).collect()[0]
    values = iter(found)
    of_ids = {name: (next(values), next(values), next(values)) for name in ids}
    of_numbers = {name: (next(values), next(values)) for name in numbers}
    return Doubts(
        {
            name: (whole, example)
            for name, (whole, example, has_fraction) in of_ids.items()
            if whole and not has_fraction
        },
        {name: found for name, found in of_numbers.items() if found[0]},
        count,
    )
