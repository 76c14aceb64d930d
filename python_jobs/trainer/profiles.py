"""How groups of customers stand in each feature."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from python_jobs.trainer.features import Feature, rounded, threes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Profile:
    """How a group of customers stands in one feature; None where nothing is known.

    Attributes:
        mean: Plain mean in the feature's own unit.
        typical: Mean of the transformed value, back in that unit.
        effect: How many deviations of single customers it is off all customers.
    """

    mean: float | None
    typical: float | None
    effect: float | None


def profiled(
    customers: DataFrame, features: list[Feature]
) -> dict[int, dict[str, Profile]]:
    """The profile of each persona in each feature.

    Args:
        customers: The features of the customers, and their persona_id.
        features: The features of the model.
    """
    moments = chain(*(feature.moments for feature in features))
    rows = customers.groupBy("persona_id").agg(*moments).collect()
    return {
        persona: {
            feature.name: _profile(feature, *three)
            for feature, three in zip(features, threes(row), strict=True)
        }
        for persona, *row in rows
    }


def _profile(
    feature: Feature, mean: float | None, weights: float, total: float
) -> Profile:
    if not weights:
        return Profile(None, None, None)
    assert feature.mean is not None and feature.deviation
    effect = (total / weights - feature.mean) / feature.deviation
    return Profile(mean, feature.in_unit(total / weights), rounded(effect))
