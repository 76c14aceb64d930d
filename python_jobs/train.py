"""`behavior train`: find the personas of the customers and publish them.

A run reads `marts.fct_customer_features` and appends to each table of the schema `ml`
once; the row in `ml.persona_runs` comes last and publishes the run. Until then readers
see the run before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from python_jobs import contract, locks
from python_jobs.errors import UserError
from python_jobs.settings import Settings
from python_jobs.trainer import clusters, directions, features, naming
from python_jobs.trainer.features import Feature, Profile
from python_jobs.trainer.runs import Output

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

INPUT = "fct_customer_features"


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
    """A published run."""

    run_id: str
    k: int
    silhouette: float | None
    customers: int
    personas: list[Persona]


def train(
    spark: SparkSession, settings: Settings, options: Options | None = None
) -> TrainedRun:
    """Train, publish, and return what was found.

    Raises:
        UserError: There is too little to train on, or another training is under way.
    """
    with locks.exclusive(settings.home / "train.lock", "training"):
        contract.create_missing(spark, settings, "ml")
        return _run(Output(spark, settings), options or Options())


def _run(output: Output, options: Options) -> TrainedRun:
    customers = _customers(output.spark, output.settings)
    [(count, as_of_date)] = customers.agg(
        F.count(F.lit(1)), F.max("as_of_date")
    ).collect()
    if not count:
        raise UserError(
            f"{output.settings.schema('marts')}.{INPUT} has no customers: run "
            "`behavior build` first"
        )
    measured = features.measured(customers)
    used = features.used(measured)
    if not used:
        raise _too_alike(count)
    space = directions.found(customers, used, count)
    all_points = clusters.as_points(customers, space.coordinates(used), count)
    with _cached(all_points) as points:
        with _cached(clusters.sample(points, count, options.sample_size)) as sample:
            curve = clusters.curve(sample, options.seed)
            if not curve:
                raise _too_alike(count)
            k, why = clusters.chosen(curve, output.last_k(), options.choose_k)
            best = clusters.fit(points, k, options.seed, options.starts)
            order = clusters.by_value(points, best.centroids)
            centroids = best.centroids[order]
            silhouette = clusters.silhouette_of(sample, centroids)
            sample_count = sample.count()
        output.append_assignments(clusters.assigned(points, centroids))
    assignments = output.assignments()
    sizes = {
        row["persona_id"]: row["count"]
        for row in assignments.groupBy("persona_id").count().collect()
    }
    profiles = _profiles(customers.join(assignments, "customer_id", "inner"), used)
    names = naming.named(used, profiles)
    personas = [
        Persona(number, names[number][0], sizes[number], names[number][1])
        for number in sorted(sizes)
    ]
    output.append_model(measured, space, centroids)
    output.append_profiles(profiles)
    output.append(
        "persona_selection",
        [{**vars(candidate), "is_chosen": candidate.k == k} for candidate in curve],
    )
    output.append(
        "personas",
        [
            {
                "persona_id": persona.id,
                "cluster_index": order[persona.id - 1],
                "persona_name": persona.name,
                "naming_reason": persona.reason,
                "customer_count": persona.size,
            }
            for persona in personas
        ],
    )
    output.append(
        "persona_runs",
        [
            {
                "trained_at": datetime.now(UTC),
                "as_of_date": as_of_date,
                "k": k,
                "k_reason": why,
                "silhouette": silhouette,
                "customer_count": count,
                "sample_count": sample_count,
                "cost": best.cost,
                "seed": options.seed,
                "start_count": options.starts,
                "method": space.method,
                "direction_count": len(space.strengths),
                "feature_count": len(used),
            }
        ],
    )
    return TrainedRun(output.run_id, k, silhouette, count, personas)


def _customers(spark: SparkSession, settings: Settings) -> DataFrame:
    table = f"{settings.schema('marts')}.{INPUT}"
    if not spark.catalog.tableExists(table):
        raise UserError(f"there is no {table}: run `behavior build` first")
    return spark.table(table)


def _too_alike(count: int) -> UserError:
    return UserError(
        f"fewer than {clusters.FEWEST} of the customers differ ({count} in all): load "
        "more data, run `behavior build`, then train"
    )


def _profiles(
    customers: DataFrame, used: list[Feature]
) -> dict[int, dict[str, Profile]]:
    """How each persona stands in each feature."""
    columns = []
    for number, feature in enumerate(used):
        columns += [
            F.avg(feature.value).alias(f"mean_{number}"),
            F.sum(feature.reliability).alias(f"total_{number}"),
            F.sum(feature.reliability * feature.transformed).alias(f"sum_{number}"),
        ]
    rows = customers.groupBy("persona_id").agg(*columns).collect()
    return {
        row["persona_id"]: {
            feature.name: feature.profile(
                row[f"mean_{number}"], row[f"sum_{number}"], row[f"total_{number}"]
            )
            for number, feature in enumerate(used)
        }
        for row in rows
    }


@contextmanager
def _cached(frame: DataFrame) -> Iterator[DataFrame]:
    frame.persist()
    try:
        yield frame
    finally:
        frame.unpersist()
