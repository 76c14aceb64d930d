"""Chance as SQL text: hashes of a seed, of a purpose and of whom it is about.

Every draw can be repeated anywhere and in any order, which rand() cannot. Where a
parameter differs by persona, the expressions take one value per persona and look it up
by the column `persona`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def number(value: float) -> str:
    """A double as a SQL literal."""
    return f"{float(value)!r}D"


def trait(values: Sequence[float]) -> str:
    """The value of the row's persona."""
    if len(set(values)) == 1:
        return number(values[0])
    return f"array({', '.join(number(value) for value in values)})[persona]"


def pick(uniform: str, names: Sequence[str], weights: Sequence[Sequence[float]]) -> str:
    """One of the names, by the weights of the row's persona.

    Args:
        uniform: A column with a uniform number: it is read many times.
        names: What to choose from.
        weights: For each persona, the weight of each name.
    """
    ends = [_ends(of_persona) for of_persona in weights]
    branches = " ".join(
        f"when {uniform} < {trait([end[place] for end in ends])} then '{name}'"
        for place, name in enumerate(names[:-1])
    )
    return f"case {branches} else '{names[-1]}' end"


def piece(part: str, weights: Sequence[Sequence[float]]) -> str:
    """The 0-based piece that a part of a whole, a column from 0 to 1, falls into."""
    ends = [_ends(of_persona) for of_persona in weights]
    return " + ".join(
        [
            "0",
            *(
                f"if({part} < {trait([end[place] for end in ends])}, 0, 1)"
                for place in range(len(weights[0]) - 1)
            ),
        ]
    )


def bend(part: str, place: str, weights: Sequence[Sequence[float]]) -> str:
    """Stretch a part of a whole, 0 to 1, so that each piece becomes 1 long.

    Args:
        part: A column from 0 to 1.
        place: A column with the piece that it falls into.
        weights: For each persona, the length of each piece.
    """
    size = len(weights[0])
    begins, lengths = [], []
    for of_persona in weights:
        ends = _ends(of_persona)
        begins += [0.0, *ends[:-1]]
        lengths += [weight / sum(of_persona) for weight in of_persona]

    def look_up(values: list[float]) -> str:
        literals = ", ".join(number(value) for value in values)
        return f"array({literals})[persona * {size} + {place}]"

    # Rounding must not carry a moment into the next piece.
    return (
        f"{place} + least({number(1 - 1e-9)},"
        f" ({part} - {look_up(begins)}) / {look_up(lengths)})"
    )


class Chance:
    """The draws that depend on one seed."""

    def __init__(self, seed: int) -> None:
        """Draw by this seed."""
        self.seed = seed

    def uniform(self, purpose: str, *keys: str) -> str:
        """A number above 0 and below 1."""
        text = f"{self.seed}/{purpose}".encode()
        salt = int.from_bytes(hashlib.sha256(text).digest()[:7], "big")
        hashed = f"xxhash64({salt}L, {', '.join(keys)})"
        return f"((shiftrightunsigned({hashed}, 11) + 0.5D) * {number(2**-53)})"

    def whole(self, purpose: str, size: int, *keys: str) -> str:
        """A whole number from 0 to size - 1."""
        return f"cast(floor({self.uniform(purpose, *keys)} * {size}) as int)"

    def normal(self, purpose: str, *keys: str) -> str:
        """A standard normal number (Box and Muller)."""
        radius = self.uniform(f"{purpose} radius", *keys)
        angle = self.uniform(f"{purpose} angle", *keys)
        return f"(sqrt(-2 * ln({radius})) * cos({number(2 * math.pi)} * {angle}))"

    def gamma(self, purpose: str, shapes: Sequence[float], *keys: str) -> str:
        """A Gamma number of scale 1.

        A whole shape n is the sum of n exponential numbers, and half a squared normal
        number adds one half to it.

        Args:
            purpose: What it is for.
            shapes: For each persona, a multiple of one half.
            keys: Whom it is about.
        """
        factors = []
        for place in range(math.floor(max(shapes))):
            factor = self.uniform(f"{purpose} {place}", *keys)
            if place >= min(shapes) - 0.5:
                wanted = trait([float(shape >= place + 1) for shape in shapes])
                factor = f"if({wanted} > 0, {factor}, 1D)"
            factors.append(factor)
        terms = [f"-ln({' * '.join(factors)})"] if factors else []
        halves = [shape % 1 for shape in shapes]
        if any(halves):
            normal = self.normal(purpose, *keys)
            terms.append(f"{trait(halves)} * {normal} * {normal}")
        return f"({' + '.join(terms)})"


def padded(whole: str, digits: int) -> str:
    """A whole number as text with leading zeros; lpad and format_string are slow."""
    return f"substr(cast({10**digits}L + {whole} as string), 2)"


def keep(rows: DataFrame, condition: str) -> DataFrame:
    """Filter on columns that cost much to compute, after they are computed.

    Spark pushes a filter below the steps that make its columns, and writes out the
    whole formula of each column wherever the next one reads it: megabytes of code. It
    does not push one below a column that depends on the partition.
    """
    return (
        rows.selectExpr("*", "spark_partition_id() as barrier")
        .where(f"{condition} and barrier >= 0")
        .drop("barrier")
    )


def _ends(weights: Sequence[float]) -> list[float]:
    total = sum(weights)
    return [end / total for end in accumulate(weights)]
