"""K-Means: fitting it, choosing k, and placing customers.

The same points give the same clusters: they are spread over partitions by a hash of
the customer and sorted within them, the seeds are fixed, centroids end at ten digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyspark.ml.clustering import KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import functions as F

from python_jobs.trainer.features import rounded

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

FEWEST, MOST = 3, 10
# A new k costs everyone the meaning of their personas: only this much buys it.
TOLERATED_LOSS = 0.05
ROWS_PER_PARTITION = 50_000
# Centroids have converged when none moves further, in deviations of the chance around
# them. To compare k it need not be exact: a sample's centroid is no surer than this.
FINAL_TOLERANCE, SEARCH_TOLERANCE = 1e-4, 1e-2
MAX_ITERATIONS = 100
# The published clusters deserve more starts than the candidates do.
SEARCH_STARTS = 2
HASH_RANGE = 2**31


@dataclass(frozen=True)
class Fit:
    """The best of several starts for one k."""

    k: int
    seed: int
    cost: float
    centroids: np.ndarray


@dataclass(frozen=True)
class Candidate:
    """How well one k did on the sample."""

    k: int
    silhouette: float
    cost: float
    seed: int


def as_points(customers: DataFrame, coordinates: list[Column], count: int) -> DataFrame:
    """One row per customer: customer_id, monetary, `point`, and p0, p1, ... in it."""
    names = [f"p{number}" for number in range(len(coordinates))]
    rows = customers.select(
        "customer_id",
        "monetary",
        *(c.alias(name) for c, name in zip(coordinates, names, strict=True)),
    )
    points = VectorAssembler(inputCols=names, outputCol="point").transform(rows)
    return _ordered(points, count)


def sample(points: DataFrame, count: int, size: int) -> DataFrame:
    """About `size` customers, the same ones on every run."""
    if count > size:
        share = F.lit(int(size / count * HASH_RANGE))
        place = F.pmod(F.xxhash64("customer_id"), F.lit(HASH_RANGE))
        points = points.where(place < share)
    return _ordered(points, min(count, size))


def fit(
    points: DataFrame,
    k: int,
    seed: int,
    starts: int,
    tolerance: float = FINAL_TOLERANCE,
) -> Fit:
    """The cheapest of several starts: MLlib's K-Means makes one only."""
    fits = []
    for start in range(seed, seed + starts):
        model = KMeans(
            featuresCol="point", k=k, seed=start, maxIter=MAX_ITERATIONS, tol=tolerance
        ).fit(points)
        centroids = np.vectorize(rounded)(np.array(model.clusterCenters()))
        fits.append(Fit(k, start, model.summary.trainingCost, centroids))
    return min(fits, key=lambda one: one.cost)


def curve(points: DataFrame, seed: int) -> list[Candidate]:
    """How well each k does on these points; empty with fewer than 3 distinct ones."""
    distinct = points.select("point").distinct().limit(MOST).count()
    candidates = []
    for k in range(FEWEST, distinct + 1):
        best = fit(points, k, seed, SEARCH_STARTS, SEARCH_TOLERANCE)
        silhouette = _silhouette(assigned(points, best.centroids))
        candidates.append(Candidate(k, silhouette, best.cost, best.seed))
    return candidates


def chosen(
    candidates: list[Candidate], last_k: int | None, choose_anew: bool
) -> tuple[int, str]:
    """Which k to use, and why: the last one as long as it is nearly the best."""
    best = max(candidates, key=lambda one: (rounded(one.silhouette), -one.k))
    last = next((one for one in candidates if one.k == last_k), None)
    if last is None or choose_anew:
        why = f"best silhouette of the sample ({best.silhouette:.3f})"
        return best.k, why
    figures = f"silhouette {last.silhouette:.3f} against {best.silhouette:.3f} at best"
    if last.silhouette >= best.silhouette - TOLERATED_LOSS:
        return last.k, f"kept from the last run: {figures}"
    return best.k, f"best silhouette; the last run's k is {last.k}: {figures}"


def assigned(points: DataFrame, centroids: np.ndarray) -> DataFrame:
    """The nearest centroid of each customer, numbered from 1, and the next nearest."""
    places = [
        F.struct(
            F.sqrt(_squared_distance(centroid)).alias("distance"),
            F.lit(number).alias("persona_id"),
        )
        for number, centroid in enumerate(centroids, start=1)
    ]
    nearest = F.sort_array(F.array(*places))
    first, second = F.col("nearest")[0], F.try_element_at("nearest", F.lit(2))
    return points.withColumn("nearest", nearest).select(
        "customer_id",
        "monetary",
        "point",
        first["persona_id"].alias("persona_id"),
        first["distance"].alias("distance"),
        second["persona_id"].alias("runner_up_persona_id"),
        (second["distance"] - first["distance"]).alias("margin"),
    )


def by_value(points: DataFrame, centroids: np.ndarray) -> list[int]:
    """The places of the centroids, the customers that spend most on average first."""
    rows = (
        assigned(points, centroids)
        .groupBy("persona_id")
        .agg(F.avg(F.col("monetary").cast("decimal(38,6)")).alias("mean"))
        .collect()
    )
    means = {row["persona_id"] - 1: row["mean"] for row in rows}
    # A centroid without customers is no persona: k-means rarely leaves one behind.
    return sorted(means, key=lambda place: (-means[place], *centroids[place]))


def silhouette_of(points: DataFrame, centroids: np.ndarray) -> float | None:
    """The mean silhouette, None where only one cluster has points."""
    places = assigned(points, centroids)
    if places.select("persona_id").distinct().count() < 2:
        return None
    return _silhouette(places)


def _silhouette(places: DataFrame) -> float:
    evaluator = ClusteringEvaluator(
        featuresCol="point", predictionCol="persona_id", metricName="silhouette"
    )
    return evaluator.evaluate(places)


def _squared_distance(centroid: np.ndarray) -> Column:
    terms = [
        (F.col(f"p{number}") - F.lit(float(value))) ** 2
        for number, value in enumerate(centroid)
    ]
    return sum(terms[1:], terms[0])


def _ordered(points: DataFrame, count: int) -> DataFrame:
    partitions = 1 + count // ROWS_PER_PARTITION
    return points.repartition(partitions, "customer_id").sortWithinPartitions(
        "customer_id"
    )
