"""`behavior train`: find the personas of the customers and publish them.

A run reads `marts.fct_customer_features` and appends to each table of the schema `ml`
once; the row in `ml.persona_runs` comes last and publishes the run. Until then readers
see the run before it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
from pyspark.sql import functions as F

from python_jobs import contract, locks
from python_jobs.errors import NothingToLearnError, UserError
from python_jobs.published import Run
from python_jobs.settings import Settings
from python_jobs.trainer import (
    clusters,
    features,
    matching,
    naming,
    profiles,
    runs,
    selection,
)
from python_jobs.trainer.features import Feature
from python_jobs.trainer.runs import Change, LastRun
from python_jobs.trainer.selection import Candidate, Choice

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

INPUT = "fct_customer_features"
# More of them than this part, and the personas are hardly what they were.
MANY_MOVED = 0.05


@dataclass(frozen=True)
class Options:
    """How to train.

    Attributes:
        choose_k: Whether to choose k anew instead of keeping the last run's.
        sample_size: On about how many customers k is chosen.
        seed: The first seed.
        starts: How many seeds are tried for the published clusters.
    """

    choose_k: bool = False
    sample_size: int = 10_000
    seed: int = 42
    starts: int = 3


@dataclass(frozen=True)
class Persona:
    """A persona as a person would be told of it."""

    id: int
    name: str
    size: int
    reason: str


@dataclass(frozen=True)
class TrainedRun:
    """A published run.

    Attributes:
        run_id: The run.
        k: How many clusters it was asked for.
        k_reason: Why that many.
        has_structure: Whether the customers show more than chance at that k.
        silhouette: That of the sample in the published clusters.
        customers: How many have a persona.
        personas: The personas.
        changes: What became of each persona since the run before.
        is_retraining: Whether there was a run before.
        common: How many customers were in the run before too.
        moved: How many of those have another persona now.
    """

    run_id: str
    k: int
    k_reason: str
    has_structure: bool
    silhouette: float
    customers: int
    personas: list[Persona]
    changes: list[Change]
    is_retraining: bool
    common: int
    moved: int

    @property
    def warnings(self) -> list[str]:
        """What somebody who relies on the personas should know."""
        found = [str(one) for one in self.changes if self.is_retraining and one.is_news]
        if not self.has_structure:
            found.insert(
                0,
                "the customers show no structure beyond chance: these personas are "
                f"slices, not groups ({self.k_reason})",
            )
        if self.moved > MANY_MOVED * self.common:
            found.append(
                f"{self.moved:,} of {self.common:,} customers changed their persona: "
                "personas.rpt_persona_drift says which features have drifted"
            )
        return found


@dataclass(frozen=True)
class _Clustering:
    """The customers in clusters, and how that came about."""

    curve: list[Candidate]
    choice: Choice
    cost: float
    silhouette: float
    sample_count: int
    centroids: dict[int, np.ndarray]
    common: int
    moved: int


def train(
    spark: SparkSession, settings: Settings, options: Options | None = None
) -> TrainedRun:
    """Train, publish, and return what was found.

    Raises:
        NothingToLearnError: Nobody has bought yet, or the customers are too alike.
        UserError: The features are not there, or another training is under way.
    """
    with locks.exclusive(settings.lock_file("train"), "training"):
        contract.create_missing(spark, settings, "ml")
        return _train(Run(spark, settings), options or Options())


def _train(run: Run, options: Options) -> TrainedRun:
    customers, count, as_of_date = _customers(run)
    last = runs.last_run(run)
    measured = features.measured(customers)
    used = features.used(measured)
    found = _clustered(run, customers, count, used, last, options)
    assigned = runs.assignments(run)
    profile = profiles.profiled(customers.join(assigned, "customer_id"), used)
    rules = naming.fingerprint()
    names = naming.named(used, profile, last.names if rules == last.rules else {})
    sizes = dict(assigned.groupBy("persona_id").count().collect())
    changes = runs.changes(last, names)
    runs.append_features(run, measured)
    runs.append_centroids(run, used, found.centroids, profile)
    runs.append_bins(run, last, customers, measured)
    runs.append_selection(run, found.curve, found.choice)
    runs.append_personas(run, names, sizes)
    runs.append_changes(run, changes)
    run.append(
        "persona_runs",
        [
            {
                "trained_at": datetime.now(UTC),
                "as_of_date": as_of_date,
                "k": found.choice.k,
                "k_reason": found.choice.reason,
                "has_structure": found.choice.has_structure,
                "silhouette": found.silhouette,
                "customer_count": count,
                "sample_count": found.sample_count,
                "cost": found.cost,
                "seed": options.seed,
                "start_count": options.starts,
                "feature_count": len(used),
                "naming_rules": rules,
                "last_persona_id": max(last.last_persona_id, *found.centroids),
                "previous_run_id": last.run_id,
                "common_customer_count": found.common,
                "moved_customer_count": found.moved,
            }
        ],
    )
    return TrainedRun(
        run_id=run.run_id,
        k=found.choice.k,
        k_reason=found.choice.reason,
        has_structure=found.choice.has_structure,
        silhouette=found.silhouette,
        customers=count,
        personas=[
            Persona(persona, name.name, sizes[persona], name.reason)
            for persona, name in sorted(names.items())
        ],
        changes=changes,
        is_retraining=last.run_id is not None,
        common=found.common,
        moved=found.moved,
    )


def _customers(run: Run) -> tuple[DataFrame, int, date]:
    """The features, how many customers have them, and their as-of date."""
    table = f"{run.settings.schema('marts')}.{INPUT}"
    if not run.spark.catalog.tableExists(table):
        raise UserError(f"there is no {table}: run `behavior build` first")
    customers = run.spark.table(table)
    features.require_columns(customers)
    [(count, as_of_date)] = customers.agg(
        F.count(F.lit(1)), F.max("as_of_date")
    ).collect()
    if not count:
        raise NothingToLearnError(f"{table} has no customers: nobody has bought yet")
    return customers, count, as_of_date


def _clustered(
    run: Run,
    customers: DataFrame,
    count: int,
    used: list[Feature],
    last: LastRun,
    options: Options,
) -> _Clustering:
    """Choose k, fit, and append who is what."""
    if not used:
        raise _too_alike(count)
    with _cached(clusters.as_points(customers, used, count)) as points:
        sample = clusters.sample(points, count, options.sample_size)
        curve = curve_of(sample, used, options.seed)
        if not curve:
            raise _too_alike(count)
        choice = selection.chosen(curve, last.k, options.choose_k)
        best = clusters.fit(points, choice.k, options.seed, options.starts)
        centroids = clusters.by_value(points, best.centroids)
        common = runs.common_customers(
            run, last, clusters.placed(points, centroids, range(len(centroids)))
        )
        known = matching.matched(common, list(last.names), len(centroids))
        new = itertools.count(last.last_persona_id + 1)
        ids = [known.get(place) or next(new) for place in range(len(centroids))]
        run.append_frame("persona_assignments", clusters.placed(points, centroids, ids))
    return _Clustering(
        curve=curve,
        choice=choice,
        cost=best.cost,
        silhouette=selection.silhouette(sample, selection.nearest(sample, centroids)),
        sample_count=len(sample),
        centroids=dict(zip(ids, centroids, strict=True)),
        common=sum(common.values()),
        moved=sum(n for (was, now), n in common.items() if was != ids[now]),
    )


def curve_of(sample: np.ndarray, used: list[Feature], seed: int) -> list[Candidate]:
    """How well each k does on these points, among customers who buy as often.

    Args:
        sample: A row per customer, a column per feature.
        used: The features.
        seed: What all chance depends on.
    """
    frequency = clusters.coordinate(sample, used, "frequency")
    return selection.curve(sample, [one.block for one in used], frequency, seed)


def _too_alike(count: int) -> NothingToLearnError:
    return NothingToLearnError(
        f"fewer than {selection.FEWEST} of the customers differ ({count} in all): load "
        "more data, run `behavior build`, then train"
    )


@contextmanager
def _cached(frame: DataFrame) -> Iterator[DataFrame]:
    frame.persist()
    try:
        yield frame
    finally:
        frame.unpersist()
