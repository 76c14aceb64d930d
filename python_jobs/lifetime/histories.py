"""Purchase histories: the distinct ones, and how many customers share each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Histories:
    """Distinct histories of customers, sorted by x, T and t_x.

    Attributes:
        x: Repeat purchases, shape (n,).
        t_x: Age at the last purchase, 0 where x is 0; in the caller's unit of time.
        T: Age at the end of the observation, above 0, in the same unit.
        counts: How many customers share the history.
    """

    x: Floats
    t_x: Floats
    T: Floats
    counts: Floats

    @property
    def customers(self) -> float:
        """How many customers there are."""
        return float(self.counts.sum())

    @property
    def repeaters(self) -> float:
        """How many of them purchased again."""
        return float(self.counts[self.x > 0].sum())


def histories(
    x: ArrayLike, t_x: ArrayLike, T: ArrayLike, counts: ArrayLike | None = None
) -> Histories:
    """Gather equal histories; without counts, each row is one customer."""
    columns = [np.asarray(column, dtype=float) for column in (x, T, t_x)]
    (x, T, t_x), counts = _gathered(columns, counts)
    return Histories(x, t_x, T, counts)


@dataclass(frozen=True)
class Spendings:
    """Distinct pairs of repeat purchases and mean value, sorted.

    Attributes:
        x: Repeat purchases, above 0, shape (n,).
        m: Their mean value, above 0.
        counts: How many customers share the pair.
    """

    x: Floats
    m: Floats
    counts: Floats


def spendings(x: ArrayLike, m: ArrayLike, counts: ArrayLike | None = None) -> Spendings:
    """Gather equal pairs of x and m; without counts, each row is one customer."""
    columns = [np.asarray(column, dtype=float) for column in (x, m)]
    (x, m), counts = _gathered(columns, counts)
    return Spendings(x, m, counts)


@dataclass(frozen=True)
class Table:
    """The distinct values of a column, and which of them each row has."""

    values: Floats
    index: Indices


def table(column: Floats) -> Table:
    """Look-up table of a column: functions of it are computed once per value."""
    values, index = np.unique(column, return_inverse=True)
    return Table(values, index)


def dot(one: Floats, other: Floats) -> float:
    """The sum of products, by this thread alone.

    `@` shares out long columns between threads, which then wait for each other: on a
    machine that is busy that takes ten times as long.
    """
    return float(np.einsum("i,i", one, other))


def _gathered(
    columns: list[Floats], counts: ArrayLike | None
) -> tuple[list[Floats], Floats]:
    """The distinct rows of some columns in order, and the sums of their counts."""
    counts = np.ones(len(columns[0])) if counts is None else np.asarray(counts, float)
    order = np.lexsort(columns[::-1])
    columns = [column[order] for column in columns]
    is_first = np.ones(len(order), dtype=bool)
    if len(order):
        is_first[1:] = np.any([np.diff(column) != 0 for column in columns], axis=0)
    group = np.cumsum(is_first) - 1
    return (
        [column[is_first] for column in columns],
        np.bincount(group, weights=counts[order], minlength=int(is_first.sum())),
    )
