"""How features are distributed, counted in bins: what drift is measured on.

A run counts its customers in bins at the deciles of each feature, and again in the bins
of the run before: the same edges for both runs are what a population stability index
compares. The index itself is plain SQL, in rpt_persona_drift.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from python_jobs.trainer.features import Feature

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

DECILES = [number / 10 for number in range(1, 10)]
ACCURACY = 1_000
Edges = Mapping[str, Sequence[float]]


def deciles(customers: DataFrame, features: Sequence[Feature]) -> Edges:
    """Where bins end, in its own unit, of each feature known of anybody."""
    row = customers.agg(
        *(F.percentile_approx(one.value, DECILES, ACCURACY) for one in features)
    ).collect()[0]
    return {
        feature.name: distinct(edges)
        for feature, edges in zip(features, row, strict=True)
        if edges
    }


def distinct(edges: Sequence[float]) -> list[float]:
    """The edges of bins from deciles, which may be equal.

    Where the lowest is one value of many customers, a bin that ends with it would hold
    all who have less as well, and nobody would see the many move there: so those have a
    bin of their own.
    """
    lowest, *higher = sorted(edges)
    below = [math.nextafter(lowest, -math.inf)] if lowest in higher else []
    return sorted({*below, lowest, *higher})


def counted(
    customers: DataFrame, features: Sequence[Feature], edges: Edges
) -> list[dict[str, object]]:
    """Customers by feature and bin, those without any too.

    Args:
        customers: The customers.
        features: Their features; those without edges are left out.
        edges: Bin 1 ends with the first edge, and so on; the last bin has no end. Bin 0
            is for customers whose value is unknown.
    """
    binned = [feature for feature in features if feature.name in edges]
    if not binned:
        return []
    pairs = [
        F.struct(
            F.lit(feature.name).alias("feature"),
            _bin(feature, edges[feature.name]).alias("bin"),
        )
        for feature in binned
    ]
    rows = (
        customers.select(F.inline(F.array(*pairs)))
        .groupBy("feature", "bin")
        .count()
        .collect()
    )
    counts = {(row["feature"], row["bin"]): row["count"] for row in rows}
    return [
        {
            "feature": feature.name,
            "bin": number,
            "upper_edge": edge,
            "customer_count": counts.get((feature.name, number), 0),
        }
        for feature in binned
        for number, edge in enumerate([None, *edges[feature.name], None])
    ]


def _bin(feature: Feature, edges: Sequence[float]) -> Column:
    above = [(feature.value > F.lit(edge)).cast("int") for edge in edges]
    return F.coalesce(reduce(add, above, F.lit(1)), F.lit(0))
