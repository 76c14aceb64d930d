"""From customer features to numbers on one scale.

Every feature becomes `reliability * (transform(x) - mean) / scale`:

- **transform** is a logarithm for what is skewed (money, counts, days); shares and
  one-hot columns stay as they are. A category is never a number by its rank.
- **scale** makes the variance of a *group* one: a group is one number, or all the
  columns of one share map or one demographic. So a map of 20 categories counts as much
  as one number, and a rare value is not blown up by its own tiny deviation.
- **reliability** is 0 where the value is unknown, which puts the customer at the mean,
  and n / (n + 2) for a share of n purchases: who bought once, on a Saturday, is not a
  weekend shopper yet. Means are weighted by it, so that every feature is centred.

Standardised numbers end at three deviations, before reliability weighs them: neither an
outlier nor a value that hardly anybody has, or is known to have, must found a cluster.
Features that are constant or nowhere known are dropped, and the reason is kept.

A coordinate is the standardised feature times its **weight**, 1 / sqrt(groups of its
block), which makes the variance of each *block* one: a persona is what shows in value,
categories, payment, time and demographics together, and none of them may outvote the
others by its number of columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain
from operator import add
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from python_jobs.errors import UserError

if TYPE_CHECKING:
    from pyspark.sql import Column

VALUES_KEPT = 20
PRIOR_PURCHASES = 2
CLIP = 3.0
# Deviations below it, as part of the mean, are what rounding leaves of none.
TOLERANCE = 1e-8
OTHER, UNKNOWN = "other", "unknown"

LOG, PLAIN, SHARE, ONE_HOT = "log1p", "plain", "share", "one_hot"

# (column, block, transform); the group of a number is the number itself.
NUMBERS = (
    ("recency_days", "value", LOG),
    ("frequency", "value", LOG),
    ("monetary", "value", LOG),
    ("average_basket", "value", LOG),
    ("days_since_first_purchase", "value", LOG),
    ("mean_gap_days", "value", LOG),
    ("lines_per_purchase_day", "value", LOG),
    ("returns_rate", "value", PLAIN),
    ("distinct_category_count", "value", LOG),
    ("weekend_share", "time", SHARE),
    ("age", "demographics", PLAIN),
)
HOURS = ("night_share", "morning_share", "afternoon_share", "evening_share")
SHARE_MAPS = (("category_shares", "category"), ("payment_shares", "payment"))
DEMOGRAPHICS = ("gender", "location", "membership_level")
COLUMNS = (
    *("customer_id", "as_of_date"),
    *(name for name, *_ in NUMBERS),
    *HOURS,
    *(name for name, _ in SHARE_MAPS),
    *DEMOGRAPHICS,
)


@dataclass(frozen=True)
class Feature:
    """One coordinate of the points, or one that was left out.

    Attributes:
        name: The column, and the value of a map or demographic: `gender:F`.
        block: What it tells about: value, category, payment, time or demographics.
        group: The columns whose variance together is one.
        transform: log1p, plain, share or one_hot.
        value: The feature in its own unit, NULL where unknown.
        mean: Mean of the transformed value, weighted by reliability.
        scale: What the centred value is divided by.
        weight: What the standardised value is multiplied by.
        population_mean: Plain mean in the feature's own unit.
        deviation: Standard deviation of the transformed value among customers.
        dropped_reason: Why K-Means does not see it, None where it does.
    """

    name: str
    block: str
    group: str
    transform: str
    value: Column
    mean: float | None = None
    scale: float | None = None
    weight: float | None = None
    population_mean: float | None = None
    deviation: float | None = None
    dropped_reason: str | None = None

    @property
    def reliability(self) -> Column:
        """How much the value says about the customer, from 0 to 1."""
        known = F.lit(1.0)
        if self.transform == SHARE:
            known = F.col("frequency") / (F.col("frequency") + F.lit(PRIOR_PURCHASES))
        return F.when(self.value.isNull(), 0.0).otherwise(known)

    @property
    def transformed(self) -> Column:
        """The value after its transform; NULL becomes 0, which nothing weighs."""
        value = F.coalesce(self.value, F.lit(0.0))
        if self.transform != LOG:
            return value
        # Net money can be negative where returns outweigh purchases.
        return F.signum(value) * F.log1p(F.abs(value))

    @property
    def standardised(self) -> Column:
        """The feature as a number around 0, in deviations of its group."""
        number = (self.transformed - F.lit(self.mean)) / F.lit(self.scale)
        return self.reliability * F.greatest(F.least(number, F.lit(CLIP)), F.lit(-CLIP))

    @property
    def coordinate(self) -> Column:
        """The feature as K-Means sees it."""
        return F.lit(self.weight) * self.standardised

    @property
    def moments(self) -> tuple[Column, Column, Column]:
        """Aggregates: plain mean, sum of reliabilities, and the transformed by them."""
        return (
            F.avg(self.value),
            F.sum(self.reliability),
            F.sum(self.reliability * self.transformed),
        )

    def in_unit(self, transformed: float | None) -> float | None:
        """A transformed value in the feature's own unit."""
        if self.transform != LOG or transformed is None:
            return transformed
        return math.copysign(math.expm1(abs(transformed)), transformed)


def require_columns(customers: DataFrame) -> None:
    """Refuse customers without all the columns that features are made of.

    Raises:
        UserError: A column is missing.
    """
    missing = [name for name in COLUMNS if name not in customers.columns]
    if missing:
        raise UserError(
            f"fct_customer_features has no {', '.join(missing)}: put back what was "
            "taken out of the model (or out of python_jobs/trainer/features.py, too), "
            "run `behavior build`, then train"
        )


def measured(customers: DataFrame) -> list[Feature]:
    """All features of these customers, measured; the useless ones marked as dropped."""
    features = _with_means(customers, _declared(customers))
    return _with_weights(_with_scales(customers, features))


def used(features: list[Feature]) -> list[Feature]:
    """The features that K-Means sees."""
    return [feature for feature in features if feature.dropped_reason is None]


def threes(row: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The moments in a row, by feature."""
    return [tuple(row[place : place + 3]) for place in range(0, len(row), 3)]


def rounded(number: float) -> float:
    """Ten digits: what the order of a distributed sum may change is cut off."""
    return float(f"{number:.9e}")


def _declared(customers: DataFrame) -> list[Feature]:
    features = [
        Feature(name, block, name, transform, F.col(name).cast("double"))
        for name, block, transform in NUMBERS
    ]
    features += [
        Feature(name, "time", "hours", SHARE, F.col(name).cast("double"))
        for name in HOURS
    ]
    frequent = _most_frequent(customers)
    for name, block in SHARE_MAPS:
        features += _of_share_map(name, block, frequent.get(name, []))
    for name in DEMOGRAPHICS:
        features += _of_demographic(name, frequent.get(name, []))
    return features


def _of_share_map(name: str, block: str, values: list[str]) -> list[Feature]:
    kept = _kept(values)
    columns = {
        value: F.coalesce(F.try_element_at(name, F.lit(value)), F.lit(0.0))
        for value in kept
    }
    if len(values) > len(kept):
        columns[OTHER] = F.lit(1.0) - reduce(add, columns.values(), F.lit(0.0))
    is_known = F.size(F.map_keys(name)) > 0
    return [
        Feature(f"{name}:{value}", block, name, SHARE, F.when(is_known, column))
        for value, column in columns.items()
    ]


def _of_demographic(name: str, values: list[str]) -> list[Feature]:
    known = F.when(F.col(name) != UNKNOWN, F.col(name))
    kept = _kept(values)
    columns = {value: known == F.lit(value) for value in kept}
    if len(values) > len(kept):
        columns[OTHER] = ~known.isin(kept)
    return [
        Feature(f"{name}:{value}", "demographics", name, ONE_HOT, column.cast("double"))
        for value, column in columns.items()
    ]


def _kept(values: list[str]) -> list[str]:
    """The values with a column of their own; one called like the rest is in it."""
    return sorted([value for value in values if value != OTHER][:VALUES_KEPT])


def _most_frequent(customers: DataFrame) -> dict[str, list[str]]:
    """The most frequent values of each map and demographic, one more than is kept."""
    values = [
        customers.select(F.lit(name).alias("name"), F.explode(F.map_keys(name)))
        for name, _ in SHARE_MAPS
    ] + [customers.select(F.lit(name), F.col(name)) for name in DEMOGRAPHICS]
    rank = F.row_number().over(
        Window.partitionBy("name").orderBy(F.desc("count"), "value")
    )
    rows = (
        reduce(DataFrame.unionAll, values)
        .toDF("name", "value")
        .where(F.col("value") != UNKNOWN)
        .groupBy("name", "value")
        .count()
        .withColumn("rank", rank)
        .where(F.col("rank") <= VALUES_KEPT + 1)
        .orderBy("name", "rank")
        .collect()
    )
    frequent: dict[str, list[str]] = {}
    for row in rows:
        frequent.setdefault(row["name"], []).append(row["value"])
    return frequent


def _with_means(customers: DataFrame, features: list[Feature]) -> list[Feature]:
    row = customers.agg(*chain(*(feature.moments for feature in features))).collect()[0]
    return [
        replace(feature, population_mean=mean, mean=rounded(total / weights))
        if weights
        else replace(feature, dropped_reason="unknown for every customer")
        for feature, (mean, weights, total) in zip(features, threes(row), strict=True)
    ]


def _with_scales(customers: DataFrame, features: list[Feature]) -> list[Feature]:
    """Measure the deviations about the means."""
    columns = []
    for number, feature in enumerate(features):
        if feature.dropped_reason is None:
            centred = feature.transformed - F.lit(feature.mean)
            columns += [
                F.avg(F.pow(feature.reliability * centred, 2)).alias(f"near_{number}"),
                F.avg(F.when(feature.value.isNotNull(), centred * centred)).alias(
                    f"far_{number}"
                ),
            ]
    row = customers.agg(*columns).collect()[0] if columns else {}
    variances: dict[str, float] = {}
    for number, feature in enumerate(features):
        if feature.dropped_reason is None:
            variances.setdefault(feature.group, 0.0)
            variances[feature.group] += row[f"near_{number}"]
    measured = []
    for number, feature in enumerate(features):
        if feature.dropped_reason is None:
            deviation = math.sqrt(row[f"far_{number}"])
            feature = (
                replace(
                    feature,
                    scale=rounded(math.sqrt(variances[feature.group])),
                    deviation=deviation,
                )
                if deviation > TOLERANCE * max(1.0, abs(feature.mean))
                else replace(feature, dropped_reason="the same for every customer")
            )
        measured.append(feature)
    return measured


def _with_weights(features: list[Feature]) -> list[Feature]:
    groups: dict[str, set[str]] = {}
    for feature in used(features):
        groups.setdefault(feature.block, set()).add(feature.group)
    return [
        feature
        if feature.dropped_reason
        else replace(feature, weight=rounded(1 / math.sqrt(len(groups[feature.block]))))
        for feature in features
    ]
