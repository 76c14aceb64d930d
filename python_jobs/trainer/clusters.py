"""K-Means on all customers: fitting it, and placing customers.

The same points give the same clusters: they are spread over partitions by a hash of
the customer and sorted within them, the seeds are fixed, centroids end at ten digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import numpy as np
from pyspark.ml.clustering import KMeans
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import functions as F

from python_jobs.trainer.features import Feature, rounded

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

ROWS_PER_PARTITION = 50_000
# Centroids have converged when none moves further, among points whose variance is five.
TOLERANCE = 1e-3
MAX_ITERATIONS = 100
HASH_RANGE = 2**31


@dataclass(frozen=True)
class Fit:
    """The best of several starts.

    Attributes:
        seed: The start's seed.
        cost: The sum of squared distances to the centroids.
        centroids: A row per cluster, a column per feature.
    """

    seed: int
    cost: float
    centroids: np.ndarray


def as_points(customers: DataFrame, features: list[Feature], count: int) -> DataFrame:
    """One row per customer: customer_id, monetary, `point`, and p0, p1, ... in it."""
    names = [f"p{number}" for number in range(len(features))]
    rows = customers.select(
        "customer_id",
        "monetary",
        *(
            one.coordinate.alias(name)
            for one, name in zip(features, names, strict=True)
        ),
    )
    points = VectorAssembler(inputCols=names, outputCol="point").transform(rows)
    partitions = 1 + count // ROWS_PER_PARTITION
    return points.repartition(partitions, "customer_id").sortWithinPartitions(
        "customer_id"
    )


def sample(points: DataFrame, count: int, size: int) -> np.ndarray:
    """The coordinates of about `size` customers, the same ones on every run."""
    if count > size:
        share = F.lit(int(size / count * HASH_RANGE))
        place = F.pmod(F.xxhash64("customer_id"), F.lit(HASH_RANGE))
        points = points.where(place < share)
    names = [name for name in points.columns if name[0] == "p" and name[1:].isdigit()]
    rows = points.orderBy("customer_id").select(*names).toArrow()
    return np.column_stack([column.to_numpy() for column in rows.columns])


def coordinate(sample: np.ndarray, features: list[Feature], name: str) -> np.ndarray:
    """One feature of the sample's customers; 0 where the points do not have it."""
    names = [feature.name for feature in features]
    return sample[:, names.index(name)] if name in names else np.zeros(len(sample))


def fit(points: DataFrame, k: int, seed: int, starts: int) -> Fit:
    """The cheapest of several starts: MLlib's K-Means makes one only."""
    # MLlib keeps what it makes of its input, unless that is cached: then it takes each
    # vector out of the cache, and looks for NaN in it, in every iteration.
    vectors = points.select("point")
    fits = []
    for start in range(seed, seed + starts):
        model = KMeans(
            featuresCol="point",
            k=k,
            seed=start,
            maxIter=MAX_ITERATIONS,
            tol=TOLERANCE,
            # By itself it would read all points once to find that they are dense, and
            # take them in blocks, which without a native BLAS is slower.
            solver="row",
        ).fit(vectors)
        centroids = np.vectorize(rounded)(np.array(model.clusterCenters()))
        fits.append(Fit(start, model.summary.trainingCost, centroids))
    return min(fits, key=lambda one: one.cost)


def placed(
    points: DataFrame, centroids: np.ndarray, persona_ids: Sequence[int]
) -> DataFrame:
    """The nearest centroid of each customer, and the next nearest.

    Args:
        points: The customers.
        centroids: A row per cluster.
        persona_ids: What each cluster is called.
    """
    places = [
        F.struct(
            F.sqrt(_squared_distance(centroid)).alias("distance"),
            F.lit(persona_id).alias("persona_id"),
        )
        for persona_id, centroid in zip(persona_ids, centroids, strict=True)
    ]
    nearest = F.sort_array(F.array(*places))
    first, second = F.col("nearest")[0], F.try_element_at("nearest", F.lit(2))
    return points.withColumn("nearest", nearest).select(
        "customer_id",
        "monetary",
        first["persona_id"].alias("persona_id"),
        first["distance"].alias("distance"),
        second["persona_id"].alias("runner_up_persona_id"),
        (second["distance"] - first["distance"]).alias("margin"),
    )


def by_value(points: DataFrame, centroids: np.ndarray) -> np.ndarray:
    """The centroids that have customers, those who spend most on average first."""
    rows = (
        placed(points, centroids, range(len(centroids)))
        .groupBy("persona_id")
        .agg(F.avg(F.col("monetary").cast("decimal(38,6)")).alias("mean"))
        .collect()
    )
    means = {row["persona_id"]: row["mean"] for row in rows}
    # A centroid without customers is no persona: k-means rarely leaves one behind.
    order = sorted(means, key=lambda place: (-means[place], *centroids[place]))
    return centroids[order]


def _squared_distance(centroid: np.ndarray) -> Column:
    return reduce(
        add,
        (
            (F.col(f"p{number}") - F.lit(float(value))) ** 2
            for number, value in enumerate(centroid)
        ),
    )
