"""Which number of personas the customers support, found on a sample of them.

For each k three numbers are measured on the sample:

- the **silhouette**, squared Euclidean as Spark's ClusteringEvaluator defines it: how
  much nearer a customer is to its own cluster than to the next;
- the **stability**: the mean adjusted Rand index between these clusters and those of
  bootstrap resamples (Hennig 2007: what another sample would not show again is no
  cluster);
- the **reference**: the best silhouette of the same sample with its blocks of features
  shuffled, each block for itself, among customers who bought about as often. Every
  block keeps what it has inside, two sexes or a few big spenders, and what few
  purchases do to every share; but none tells anything else about another.

A persona is what shows in several blocks at once. So a k is *credible* where its
clusters are stable and its silhouette is above the reference by more than chance gives.
The best silhouette among the credible k wins. Where none is credible the customers have
no structure: the best silhouette of all is used, and the run says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from python_jobs.trainer.features import rounded

FEWEST, MOST = 3, 10
RESAMPLES, SHUFFLES, STARTS = 10, 5, 3
# Blocks are shuffled among so many customers who bought about as often.
PEERS = 100
LEAST_STABILITY = 0.7
# Samples of 10,000 generated customers of one kind come up to 0.02 above their
# reference, of several kinds at least 0.1.
LEAST_LIFT = 0.05
# A new k costs everyone the meaning of their personas: only this much buys it.
TOLERATED_LOSS = 0.05


@dataclass(frozen=True)
class Candidate:
    """How well one k did on the sample.

    Attributes:
        k: The number of clusters.
        silhouette: The mean silhouette of the customers.
        stability: The mean adjusted Rand index with bootstrap resamples.
        reference_silhouette: The mean silhouette where blocks tell nothing of another.
        cost: The sum of squared distances to the centroids.
    """

    k: int
    silhouette: float
    stability: float
    reference_silhouette: float
    cost: float

    @property
    def is_credible(self) -> bool:
        """Whether another sample would show it too, and more than chance."""
        return (
            self.stability >= LEAST_STABILITY
            and self.silhouette - self.reference_silhouette >= LEAST_LIFT
        )

    def __str__(self) -> str:
        """The figures, as a reason gives them."""
        return (
            f"silhouette {self.silhouette:.3f}, {self.reference_silhouette:.3f} with "
            f"shuffled blocks, stability {self.stability:.2f}"
        )


@dataclass(frozen=True)
class Choice:
    """The k to use, why, and whether the customers have structure at that k."""

    k: int
    reason: str
    has_structure: bool


def curve(
    points: np.ndarray, blocks: Sequence[str], frequency: np.ndarray, seed: int
) -> list[Candidate]:
    """How well each k does on these points; empty with fewer than 3 distinct ones.

    Args:
        points: A row per customer of the sample, a column per feature.
        blocks: The block of each column.
        frequency: How often each customer bought, on any scale that keeps the order.
        seed: What all chance depends on.
    """
    # One thread: sums in one order give one answer, and no core waits for another.
    with threadpool_limits(1):
        return _curve(points, blocks, frequency, seed)


def chosen(
    candidates: Sequence[Candidate], last_k: int | None, choose_anew: bool
) -> Choice:
    """Which k to use: the last run's as long as it is nearly the best.

    Args:
        candidates: The curve, not empty.
        last_k: The k of the last run, None where there was none.
        choose_anew: Whether that k counts for nothing.
    """
    credible = [one for one in candidates if one.is_credible]
    best = max(credible or candidates, key=lambda one: (one.silhouette, -one.k))
    last = next((one for one in candidates if one.k == last_k), None)
    if last is None or choose_anew:
        found, reason = best, f"best of k {candidates[0].k} to {candidates[-1].k}"
    elif (
        last.is_credible or not credible
    ) and last.silhouette >= best.silhouette - TOLERATED_LOSS:
        found, reason = last, f"kept from the last run (best: k {best.k}, {best})"
    else:
        found, reason = best, f"better than the last run's k {last.k} ({last})"
    if not found.is_credible:
        reason += "; no structure beyond chance"
    return Choice(found.k, f"{reason}: {found}", found.is_credible)


def silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """The mean silhouette by squared Euclidean distances, from sums over clusters.

    The mean squared distance to the points of a cluster is that to its mean plus the
    cluster's variance, so no pair of points is looked at. A point alone in its cluster
    counts 0, and so do all where there is one cluster only.
    """
    _, labels = np.unique(labels, return_inverse=True)
    sizes = np.bincount(labels)
    if len(sizes) == 1:
        return 0.0
    means = np.stack([points[labels == one].mean(axis=0) for one in range(len(sizes))])
    variances = np.bincount(labels, ((points - means[labels]) ** 2).sum(axis=1)) / sizes
    away = _squared_distances(points, means) + variances
    rows = np.arange(len(points))
    others = sizes[labels] - 1
    own = away[rows, labels] * sizes[labels] / np.maximum(others, 1)
    away[rows, labels] = np.inf
    nearest = away.min(axis=1)
    larger = np.maximum(own, nearest)
    scores = np.where((others > 0) & (larger > 0), nearest - own, 0.0)
    return rounded(float((scores / np.where(larger > 0, larger, 1.0)).mean()))


def nearest(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """The place of the nearest centroid of each point."""
    return _squared_distances(points, centroids).argmin(axis=1)


def _squared_distances(points: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    return np.stack([((points - one) ** 2).sum(axis=1) for one in centroids], axis=1)


def _fit(points: np.ndarray, k: int, seed: int) -> KMeans:
    with warnings.catch_warnings():
        # A resample of few customers may hold fewer different ones than k: no news.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(k, n_init=STARTS, random_state=seed).fit(points)


def _shuffled(
    points: np.ndarray,
    blocks: Sequence[str],
    frequency: np.ndarray,
    draw: np.random.Generator,
) -> np.ndarray:
    """Each block of the points for itself, shuffled among peers."""
    by_frequency = np.lexsort((draw.random(len(points)), frequency))
    peers = np.arange(len(points)) // PEERS
    shuffled = np.empty_like(points)
    names = np.asarray(blocks)
    for block in dict.fromkeys(blocks):
        columns = np.flatnonzero(names == block)
        others = by_frequency[np.lexsort((draw.random(len(points)), peers))]
        shuffled[np.ix_(by_frequency, columns)] = points[np.ix_(others, columns)]
    return shuffled


def _mean(numbers: Iterable[float]) -> float:
    return rounded(float(np.mean(list(numbers))))


def _curve(
    points: np.ndarray, blocks: Sequence[str], frequency: np.ndarray, seed: int
) -> list[Candidate]:
    draw = np.random.default_rng(seed)
    resamples = [draw.integers(len(points), size=len(points)) for _ in range(RESAMPLES)]
    shuffles = [_shuffled(points, blocks, frequency, draw) for _ in range(SHUFFLES)]
    most = min(MOST, len(np.unique(points, axis=0)))
    candidates = []
    for k in range(FEWEST, most + 1):
        best = _fit(points, k, seed)
        again = [_fit(points[rows], k, seed).predict(points) for rows in resamples]
        candidates.append(
            Candidate(
                k=k,
                silhouette=silhouette(points, best.labels_),
                stability=_mean(adjusted_rand_score(best.labels_, a) for a in again),
                reference_silhouette=max(
                    silhouette(other, _fit(other, k, seed).labels_)
                    for other in shuffles
                ),
                cost=rounded(best.inertia_),
            )
        )
    return candidates
