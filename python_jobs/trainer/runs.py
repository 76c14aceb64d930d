"""What a training appends to the schema `ml`, and what it knows of the run before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from python_jobs.published import Run
from python_jobs.trainer import bins
from python_jobs.trainer.bins import Edges
from python_jobs.trainer.features import Feature
from python_jobs.trainer.naming import Name, Trait
from python_jobs.trainer.selection import Candidate, Choice

if TYPE_CHECKING:
    import numpy as np
    from pyspark.sql import DataFrame

    from python_jobs.trainer.profiles import Profile


@dataclass(frozen=True)
class Change:
    """What became of a persona since the run before.

    Attributes:
        persona_id: The persona.
        change: kept, renamed, appeared or disappeared.
        persona_name: Its name; its last one where it disappeared.
        previous_name: Its name in the run before, None where it appeared.
    """

    persona_id: int
    change: str
    persona_name: str
    previous_name: str | None

    @property
    def is_news(self) -> bool:
        """Whether anything is different."""
        return self.change != "kept"

    def __str__(self) -> str:
        """The change as a sentence."""
        was = f" (was: {self.previous_name})" if self.change == "renamed" else ""
        return f"persona {self.persona_id}, {self.persona_name}, {self.change}{was}"


@dataclass(frozen=True)
class LastRun:
    """The newest published run, or nothing at all.

    Attributes:
        run_id: The run, None where there is none.
        k: How many clusters it was asked for.
        names: The name of each of its personas.
        rules: The fingerprint of the rules that it was named by.
        edges: The edges of its bins, by feature.
        last_persona_id: The greatest id that a persona of any run has had.
    """

    run_id: str | None = None
    k: int | None = None
    names: Mapping[int, Name] = field(default_factory=dict)
    rules: str | None = None
    edges: Edges = field(default_factory=dict)
    last_persona_id: int = 0


def last_run(run: Run) -> LastRun:
    """What the newest published run left behind."""
    [newest] = run.table("persona_runs").select(F.max("run_id")).collect()
    if newest[0] is None:
        return LastRun()
    [row] = _of(run, "persona_runs", newest[0]).collect()
    edges: dict[str, list[float]] = {}
    own = _of(run, "persona_feature_bins", newest[0]).where(
        "edges_run_id = run_id and upper_edge is not null"
    )
    for one in own.orderBy("feature", "bin").collect():
        edges.setdefault(one["feature"], []).append(one["upper_edge"])
    return LastRun(
        run_id=newest[0],
        k=row["k"],
        names={
            one["persona_id"]: Name(
                one["persona_name"],
                one["naming_reason"],
                [Trait(*trait) for trait in one["naming_traits"]],
            )
            for one in _of(run, "personas", newest[0]).collect()
        },
        rules=row["naming_rules"],
        edges=edges,
        last_persona_id=row["last_persona_id"],
    )


def common_customers(
    run: Run, last: LastRun, placed: DataFrame
) -> dict[tuple[int, int], int]:
    """Customers of both runs, by their persona then and their cluster now."""
    if last.run_id is None:
        return {}
    before = _of(run, "persona_assignments", last.run_id).select(
        "customer_id", F.col("persona_id").alias("known")
    )
    rows = (
        placed.select("customer_id", F.col("persona_id").alias("cluster"))
        .join(before, "customer_id", "inner")
        .groupBy("known", "cluster")
        .count()
        .collect()
    )
    return {(row["known"], row["cluster"]): row["count"] for row in rows}


def assignments(run: Run) -> DataFrame:
    """The customers of this run and their personas."""
    return _of(run, "persona_assignments", run.run_id).select(
        "customer_id", "persona_id"
    )


def changes(last: LastRun, names: Mapping[int, Name]) -> list[Change]:
    """What became of each persona of the last run and of this one."""
    found = []
    for persona in sorted(last.names.keys() | names):
        was, now = last.names.get(persona), names.get(persona)
        if now is None:
            assert was is not None
            found.append(Change(persona, "disappeared", was.name, was.name))
        elif was is None:
            found.append(Change(persona, "appeared", now.name, None))
        else:
            change = "kept" if was.name == now.name else "renamed"
            found.append(Change(persona, change, now.name, was.name))
    return found


def append_features(run: Run, measured: Sequence[Feature]) -> None:
    """Append how each feature becomes a coordinate."""
    run.append(
        "persona_features",
        [
            {
                "feature": feature.name,
                "feature_position": position,
                "block": feature.block,
                "feature_group": feature.group,
                "transform": feature.transform,
                "mean": feature.mean,
                "scale": feature.scale,
                "weight": feature.weight,
                "population_mean": feature.population_mean,
                "population_typical": feature.in_unit(feature.mean),
                "dropped_reason": feature.dropped_reason,
            }
            for position, feature in enumerate(measured, start=1)
        ],
    )


def append_centroids(
    run: Run,
    features: list[Feature],
    centroids: Mapping[int, np.ndarray],
    profiles: Mapping[int, Mapping[str, Profile]],
) -> None:
    """Append where each persona is, as a coordinate and in the features' units."""
    run.append(
        "persona_centroids",
        [
            {
                "persona_id": persona,
                "feature": feature.name,
                "centroid_value": float(value),
                "persona_mean": profiles[persona][feature.name].mean,
                "persona_typical": profiles[persona][feature.name].typical,
                "effect": profiles[persona][feature.name].effect,
            }
            for persona, centroid in centroids.items()
            for feature, value in zip(features, centroid, strict=True)
        ],
    )


def append_bins(
    run: Run, last: LastRun, customers: DataFrame, measured: Sequence[Feature]
) -> None:
    """Append the features' distributions, in bins of this run and of the last."""
    own = bins.deciles(customers, measured)
    run.append(
        "persona_feature_bins",
        [
            {"edges_run_id": edges_run_id, **counted}
            for edges_run_id, edges in ((run.run_id, own), (last.run_id, last.edges))
            if edges_run_id is not None
            for counted in bins.counted(customers, measured, edges)
        ],
    )


def append_selection(run: Run, curve: Sequence[Candidate], choice: Choice) -> None:
    """Append how each k did on the sample."""
    run.append(
        "persona_selection",
        [
            {
                **vars(one),
                "is_credible": one.is_credible,
                "is_chosen": one.k == choice.k,
            }
            for one in curve
        ],
    )


def append_personas(
    run: Run, names: Mapping[int, Name], sizes: Mapping[int, int]
) -> None:
    """Append the personas of this run."""
    run.append(
        "personas",
        [
            {
                "persona_id": persona,
                "persona_name": name.name,
                "naming_reason": name.reason,
                "naming_traits": [astuple(trait) for trait in name.traits],
                "customer_count": sizes[persona],
            }
            for persona, name in sorted(names.items())
        ],
    )


def append_changes(run: Run, changes: Sequence[Change]) -> None:
    """Append what became of each persona."""
    run.append(
        "persona_changes",
        [
            {
                "persona_id": one.persona_id,
                "persona_change": one.change,
                "persona_name": one.persona_name,
                "previous_name": one.previous_name,
            }
            for one in changes
        ],
    )


def _of(run: Run, table: str, run_id: str) -> DataFrame:
    return run.table(table).where(F.col("run_id") == run_id)
