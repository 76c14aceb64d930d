"""The directions in which blocks of features agree: where personas are looked for.

A persona is something that shows in several blocks at once: who shops at weekends also
buys other things and pays another way. With a few purchases a customer, most variance
is chance, and lies within a block. Where tastes are strong K-Means finds the personas
in the features themselves all the same; where they are mild, chance drowns them.

So each block is whitened (all its directions get variance 1: no block or feature
dominates by its number of columns or by repeating itself), and the eigenvectors of the
covariance of all blocks together are taken: generalised canonical correlation in its
MAXVAR form. With B blocks that have nothing in common each eigenvalue is 1; one that
all blocks share fully has B. Kept are those above what chance gives with so many rows
and columns, and above MIN_STRENGTH. Each is scaled so that the chance left in it has
variance 1, (B - 1) / (B - eigenvalue), which is what K-Means supposes of its clusters.

Where the blocks share nothing, or there is only one (a log of dates and amounts), the
groups within them stand for the blocks: principal components, then. Where those share
nothing either, the standardised features themselves are the directions, and each block
has variance 1.

Everything here is a function of one covariance matrix of some 60 columns, which Spark
computes; no customer passes through the client.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.stat import Correlation
from pyspark.sql import functions as F

from python_jobs.trainer.features import Feature, rounded

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

# An eigenvalue below this carries more chance than structure, however significant.
MIN_STRENGTH = 1.15
# Directions of a block with less of its largest variance are its linear dependencies.
RANK_TOLERANCE = 1e-6
# No direction is scaled as if it held less chance than this.
MIN_CHANCE = 0.05

SHARED, PLAIN = "shared directions", "standardised features"


@dataclass(frozen=True)
class Directions:
    """The coordinates of the points, as weighted sums of standardised features.

    Attributes:
        method: Whether blocks share directions, or the features are used as they are.
        strengths: The eigenvalue of each direction, 1 for a plain feature.
        loadings: A row per feature, a column per direction.
    """

    method: str
    strengths: list[float]
    loadings: np.ndarray

    def coordinates(self, features: list[Feature]) -> list[Column]:
        """The coordinate of a customer along each direction."""
        return [
            _sum(
                [
                    F.lit(float(w)) * f.standardised
                    for w, f in zip(column, features, strict=True)
                    if w
                ]
            )
            for column in self.loadings.T
        ]


def found(customers: DataFrame, features: list[Feature], count: int) -> Directions:
    """The directions for these customers.

    Args:
        customers: The customers.
        features: The features to use.
        count: The number of customers.
    """
    blocks = _members([feature.block for feature in features])
    groups = _members([feature.group for feature in features])
    covariance = _covariance(customers, features)
    for units in (blocks, groups):
        shared = _shared(covariance, units, count)
        if shared is not None:
            return shared
    weights = [
        1 / math.sqrt(len({features[i].group for i in blocks[feature.block]}))
        for feature in features
    ]
    return Directions(PLAIN, [1.0] * len(features), np.diag(weights))


def _shared(
    covariance: np.ndarray, blocks: dict[str, list[int]], count: int
) -> Directions | None:
    whitening = _whitening(covariance, blocks)
    strengths, vectors = np.linalg.eigh(whitening.T @ covariance @ whitening)
    strengths, vectors = strengths[::-1], vectors[:, ::-1]
    ratio = whitening.shape[1] / count
    # The upper edge of the spectrum of pure chance (Marchenko and Pastur).
    chance = (1 + math.sqrt(ratio)) ** 2
    kept = strengths > max(chance, MIN_STRENGTH)
    if len(blocks) < 2 or not kept.any():
        return None
    strengths = strengths[kept]
    left = np.maximum((len(blocks) - strengths) / (len(blocks) - 1), MIN_CHANCE)
    loadings = whitening @ vectors[:, kept] / np.sqrt(left)
    # An eigenvector's sign is arbitrary: the largest loading is positive.
    largest = np.abs(loadings).argmax(axis=0)
    loadings *= np.sign(loadings[largest, range(len(strengths))])
    return Directions(
        SHARED,
        [rounded(strength) for strength in strengths],
        np.vectorize(rounded)(loadings),
    )


def _whitening(covariance: np.ndarray, blocks: dict[str, list[int]]) -> np.ndarray:
    """A matrix that gives every direction within a block the variance 1."""
    parts = []
    for members in blocks.values():
        variances, vectors = np.linalg.eigh(covariance[np.ix_(members, members)])
        kept = variances > RANK_TOLERANCE * variances.max()
        part = np.zeros((len(covariance), kept.sum()))
        part[members] = vectors[:, kept] / np.sqrt(variances[kept])
        parts.append(part)
    return np.hstack(parts)


def _covariance(customers: DataFrame, features: list[Feature]) -> np.ndarray:
    names = [f"x{number}" for number in range(len(features))]
    points = customers.select(
        *(f.standardised.alias(name) for f, name in zip(features, names, strict=True))
    )
    # Connect has the correlation of a matrix but not its covariance.
    vectors = VectorAssembler(inputCols=names, outputCol="x").transform(points)
    correlation = Correlation.corr(vectors.select("x"), "x").collect()[0][0].toArray()
    spread = points.agg(*(F.stddev_pop(name) for name in names)).collect()[0]
    return np.vectorize(rounded)(correlation * np.outer(spread, spread))


def _members(labels: list[str]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = {}
    for number, label in enumerate(labels):
        members.setdefault(label, []).append(number)
    return members


def _sum(terms: list[Column]) -> Column:
    """A balanced sum: a chain of 60 would be parsed 60 levels deep."""
    while len(terms) > 1:
        terms = [sum(terms[i + 1 : i + 2], terms[i]) for i in range(0, len(terms), 2)]
    return terms[0]
