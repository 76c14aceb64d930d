"""What a training appends to the schema `ml`, and what it knows of the runs before."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F

from python_jobs import contract
from python_jobs.settings import Settings
from python_jobs.trainer.features import Feature

if TYPE_CHECKING:
    import numpy as np
    from pyspark.sql import DataFrame, SparkSession

    from python_jobs.trainer.directions import Directions
    from python_jobs.trainer.features import Profile


class Output:
    """One run of a training: each table gets one append that carries its run_id."""

    def __init__(self, spark: SparkSession, settings: Settings) -> None:
        """Begin a run."""
        self.spark = spark
        self.settings = settings
        # Sorts by time; the tail keeps apart two clients of one cluster.
        now = datetime.now(UTC)
        self.run_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(2)}"

    def last_k(self) -> int | None:
        """The number of clusters of the newest published run."""
        rows = self._table("persona_runs").select(F.max_by("k", "run_id")).collect()
        return rows[0][0]

    def assignments(self) -> DataFrame:
        """The customers of this run and their personas."""
        rows = self._table("persona_assignments")
        return rows.where(F.col("run_id") == self.run_id).select(
            "customer_id", "persona_id"
        )

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Append a few rows that the client made."""
        columns = contract.columns("ml", table)
        values = [
            tuple({"run_id": self.run_id, **row}[name] for name in columns)
            for row in rows
        ]
        schema = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._append(table, self.spark.createDataFrame(values, schema).coalesce(1))

    def append_assignments(self, assigned: DataFrame) -> None:
        """Append one row per customer."""
        rows = assigned.withColumn("run_id", F.lit(self.run_id))
        self._append(
            "persona_assignments",
            rows.select(*contract.columns("ml", "persona_assignments")),
        )

    def append_model(
        self, measured: list[Feature], space: Directions, centroids: np.ndarray
    ) -> None:
        """Append all that it takes to place a customer again."""
        self.append(
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
                    "population_mean": feature.population_mean,
                    "population_typical": feature.in_unit(feature.mean),
                    "dropped_reason": feature.dropped_reason,
                }
                for position, feature in enumerate(measured, start=1)
            ],
        )
        used = [feature for feature in measured if feature.dropped_reason is None]
        self.append(
            "persona_directions",
            [
                {
                    "direction": direction,
                    "feature": feature.name,
                    "loading": float(loading),
                    "strength": strength,
                }
                for direction, (strength, loadings) in enumerate(
                    zip(space.strengths, space.loadings.T, strict=True), start=1
                )
                for feature, loading in zip(used, loadings, strict=True)
            ],
        )
        self.append(
            "persona_centroids",
            [
                {
                    "persona_id": persona,
                    "direction": direction,
                    "centroid_value": float(value),
                }
                for persona, centroid in enumerate(centroids, start=1)
                for direction, value in enumerate(centroid, start=1)
            ],
        )

    def append_profiles(self, profiles: Mapping[int, Mapping[str, Profile]]) -> None:
        """Append how each persona stands in each feature."""
        self.append(
            "persona_profiles",
            [
                {
                    "persona_id": persona,
                    "feature": feature,
                    "persona_mean": profile.mean,
                    "persona_typical": profile.typical,
                    "effect": profile.effect,
                }
                for persona, profile_of in sorted(profiles.items())
                for feature, profile in profile_of.items()
            ],
        )

    def _append(self, table: str, rows: DataFrame) -> None:
        rows.write.format("delta").mode("append").saveAsTable(self._name(table))

    def _table(self, table: str) -> DataFrame:
        return self.spark.table(self._name(table))

    def _name(self, table: str) -> str:
        return f"{self.settings.schema('ml')}.{table}"
