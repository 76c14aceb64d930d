"""Which new cluster is which known persona: by the customers that they share.

The assignment that keeps the most customers where they were is the Hungarian one on the
table of common customers. Centroids are not compared: the features they are measured in
are standardised anew with each training, but a customer stays the same customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment


def matched(
    common: Mapping[tuple[int, int], int], known: Sequence[int], clusters: int
) -> dict[int, int]:
    """The persona that a cluster continues, for the clusters that continue one.

    A pair needs a Jaccard index of 1/3, half of each where both are of one size: a
    persona that falls apart, or a cluster put together from several, continues none.

    Args:
        common: Customers by known persona and new cluster, those in both runs.
        known: The ids of the known personas.
        clusters: How many clusters there are, numbered from 0.
    """
    table = np.zeros((len(known), clusters), dtype=np.int64)
    for row, persona in enumerate(known):
        for cluster in range(clusters):
            table[row, cluster] = common.get((persona, cluster), 0)
    rows, columns = linear_sum_assignment(table, maximize=True)
    return {
        int(column): known[row]
        for row, column in zip(rows, columns, strict=True)
        if 3 * table[row, column] >= _union(table, row, column) > 0
    }


def _union(table: np.ndarray, row: int, column: int) -> int:
    return table[row].sum() + table[:, column].sum() - table[row, column]
