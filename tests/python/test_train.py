"""The training, on small customers with three planted personas."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import worlds
from pipeline import apart
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.linalg import Vectors
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from worlds import Compiled

from python_jobs import locks, train
from python_jobs.errors import NothingToLearnError, UserError
from python_jobs.published import Run
from python_jobs.settings import Settings
from python_jobs.train import Options, TrainedRun
from python_jobs.trainer import (
    bins,
    clusters,
    features,
    matching,
    naming,
    profiles,
    runs,
    selection,
)
from python_jobs.trainer.features import LOG, PLAIN, SHARE, Feature
from python_jobs.trainer.naming import Name
from python_jobs.trainer.profiles import Profile
from python_jobs.trainer.runs import LastRun
from python_jobs.trainer.selection import Candidate, Choice

COLUMNS = {
    "customer_id": "string",
    "as_of_date": "date",
    "recency_days": "int",
    "frequency": "int",
    "monetary": "decimal(18,2)",
    "average_basket": "decimal(18,2)",
    "days_since_first_purchase": "int",
    "mean_gap_days": "double",
    "returns_rate": "double",
    "lines_per_purchase_day": "double",
    "distinct_category_count": "int",
    "weekend_share": "double",
    "night_share": "double",
    "morning_share": "double",
    "afternoon_share": "double",
    "evening_share": "double",
    "category_shares": "map<string,double>",
    "payment_shares": "map<string,double>",
    "age": "int",
    "gender": "string",
    "location": "string",
    "membership_level": "string",
}
CUSTOMERS = 400
# So that the few customers lie in several partitions, as many do.
ROWS_PER_PARTITION = 100
QUICK = Options(starts=1)
Row = dict[str, Any]


def planted(personas: int = 3) -> list[Row]:
    """Customers whose persona shows in basket, category, payment, weekend and age."""
    draw = np.random.default_rng(7)
    rows = []
    for number in range(CUSTOMERS):
        persona = number % personas
        frequency = int(draw.integers(1, 9))
        basket = float((20, 60, 180)[persona] * np.exp(draw.normal(0, 0.3)))
        tenure = int(draw.integers(30, 360))
        recency = int(draw.integers(1, tenure)) if frequency > 1 else tenure
        category = draw.multinomial(frequency, np.roll([0.8, 0.1, 0.1], persona))
        payment = draw.multinomial(frequency, np.roll([0.7, 0.2, 0.1], persona))
        weekend = draw.binomial(frequency, (0.8, 0.2, 0.4)[persona])
        rows.append(
            {
                "customer_id": f"c{number:04}",
                "as_of_date": "2026-01-01",
                "recency_days": recency,
                "frequency": frequency,
                "monetary": round(basket * frequency, 2),
                "average_basket": round(basket, 2),
                "days_since_first_purchase": tenure,
                "mean_gap_days": (tenure - recency) / (frequency - 1)
                if frequency > 1
                else None,
                "returns_rate": 0.0,
                # So far from 0 that rounding its mean leaves a deviation.
                "lines_per_purchase_day": 50_000.0,
                "distinct_category_count": int((category > 0).sum()),
                "weekend_share": weekend / frequency,
                "category_shares": shares(("books", "toys", "food"), category),
                "payment_shares": shares(("card", "cash", "wallet"), payment),
                # Unknown for some: those are placed by the rest.
                "age": int(draw.normal((25, 45, 65)[persona], 6))
                if number % 10
                else None,
                "gender": ("f", "m", "unknown")[int(draw.integers(3))],
                # A town that is called like the rest, and is frequent.
                "location": f"town {int(26 * draw.random() ** 2):02}".replace(
                    "town 01", "other"
                ),
                "membership_level": "unknown",
            }
        )
    return rows


def shares(names: tuple[str, ...], counts: np.ndarray) -> dict[str, float]:
    """A map of shares without the zeros, as the model makes it."""
    found = zip(names, counts / counts.sum(), strict=True)
    return {name: float(share) for name, share in found if share}


def frame_of(spark: SparkSession, rows: list[Row]) -> DataFrame:
    """These rows as the mart has them."""
    plain = {
        name: "string"
        if name == "as_of_date"
        else kind.replace("decimal(18,2)", "double")
        for name, kind in COLUMNS.items()
    }
    values = [tuple(row.get(name) for name in COLUMNS) for row in rows]
    return spark.createDataFrame(
        values, ", ".join(f"{name} {kind}" for name, kind in plain.items())
    ).select(*(F.col(name).cast(kind).alias(name) for name, kind in COLUMNS.items()))


def store(spark: SparkSession, settings: Settings, rows: list[Row]) -> None:
    """Make these rows the customer features."""
    frame = frame_of(spark, rows)
    spark.sql(f"create schema if not exists {settings.schema('marts')}")
    frame.write.format("delta").mode("overwrite").saveAsTable(
        f"{settings.schema('marts')}.fct_customer_features"
    )


@dataclass(frozen=True)
class Sampled:
    """What a training makes of customers before it fits and publishes.

    Attributes:
        customers: Their features.
        used: Those of them that K-Means sees.
        points: A row per customer of the sample, a column per feature.
        curve: How well three, four and five clusters do on them.
        choice: Which of them is chosen.
    """

    customers: DataFrame
    used: list[Feature]
    points: np.ndarray
    curve: list[Candidate]
    choice: Choice


def sampled(spark: SparkSession, rows: list[Row]) -> Sampled:
    """The choice of k on these rows, all of them in the sample."""
    customers = frame_of(spark, rows)
    used = features.used(features.measured(customers))
    points = clusters.sample(
        clusters.as_points(customers, used, len(rows)), len(rows), len(rows)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "MOST", 5)
        curve = train.curve_of(points, used, QUICK.seed)
    return Sampled(customers, used, points, curve, selection.chosen(curve, None, False))


def table(
    spark: SparkSession, settings: Settings, name: str, run_id: str
) -> pd.DataFrame:
    """The rows of one run."""
    rows = spark.table(f"{settings.schema('ml')}.{name}")
    return rows.where(F.col("run_id") == run_id).toPandas()


@pytest.fixture(scope="module")
def trained(spark: SparkSession, settings: Settings) -> TrainedRun:
    """A training on the planted customers, with up to five clusters."""
    store(spark, settings, planted())
    with pytest.MonkeyPatch.context() as patch:
        # Each k costs seconds, and six of them show no more than three.
        patch.setattr(selection, "MOST", 5)
        patch.setattr(clusters, "ROWS_PER_PARTITION", ROWS_PER_PARTITION)
        return train.train(spark, settings, QUICK)


@pytest.fixture(scope="module")
def read(
    spark: SparkSession, settings: Settings, trained: TrainedRun
) -> Callable[[str], pd.DataFrame]:
    """Reads a table of that training."""
    return lambda name: table(spark, settings, name, trained.run_id)


@pytest.fixture(scope="module")
def points(read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """The customers' coordinates, computed by hand from the stored model."""
    customers = pd.DataFrame(planted()).set_index("customer_id")
    used = read("persona_features").query("dropped_reason.isna()")
    frequency = customers.frequency
    coordinates = {}
    for one in used.itertuples():
        column, _, key = one.feature.partition(":")
        values = customers[column]
        if one.transform == "share" and key:
            kept = [
                name.partition(":")[2]
                for name in used.feature
                if name.startswith(column)
            ]
            values = values.map(lambda share, key=key, kept=kept: share.get(key, 0.0))
            assert set(kept) <= {"books", "toys", "food", "card", "cash", "wallet"}
        elif one.transform == "one_hot":
            known = values.where(values != "unknown")
            listed = used.feature[used.feature.str.startswith(f"{column}:")]
            listed = set(listed.str.partition(":")[2]) - {"other"}
            hit = ~known.isin(listed) if key == "other" else known == key
            values = hit.astype(float).where(known.notna())
        values = values.astype(float)
        raw = np.log1p(values) if one.transform == "log1p" else values
        number = ((raw - one.mean) / one.scale).clip(-3, 3)
        if one.transform == "share":
            number *= frequency / (frequency + 2)
        coordinates[one.feature] = number.fillna(0.0) * one.weight
    return pd.DataFrame(coordinates)


def test_planted_personas_are_recovered(
    trained: TrainedRun, read: Callable[[str], pd.DataFrame]
) -> None:
    found = read("persona_assignments").set_index("customer_id").persona_id
    truth = [int(customer[1:]) % 3 for customer in found.index]
    assert trained.k == 3
    assert adjusted_rand_score(truth, found) >= 0.8
    assert trained.has_structure and trained.warnings == []


def test_statistics_are_those_of_the_transformed_values(
    read: Callable[[str], pd.DataFrame],
) -> None:
    customers = pd.DataFrame(planted())
    stored = read("persona_features").set_index("feature")
    basket, gap = np.log1p(customers.average_basket), customers.mean_gap_days
    assert stored["mean"]["average_basket"] == pytest.approx(basket.mean(), rel=1e-6)
    assert stored.scale["average_basket"] == pytest.approx(basket.std(ddof=0), rel=1e-6)
    assert stored["mean"]["mean_gap_days"] == pytest.approx(
        np.log1p(gap.dropna()).mean(), rel=1e-6
    )
    assert stored.population_mean["mean_gap_days"] == pytest.approx(gap.mean())


def test_the_stored_model_places_each_customer(
    points: pd.DataFrame, read: Callable[[str], pd.DataFrame]
) -> None:
    centroids = read("persona_centroids").pivot(
        index="persona_id", columns="feature", values="centroid_value"
    )[points.columns]
    away = np.sqrt(
        ((points.to_numpy()[:, None] - centroids.to_numpy()[None]) ** 2).sum(axis=2)
    )
    stored = read("persona_assignments").set_index("customer_id").loc[points.index]
    ranked = away.argsort(axis=1) + 1
    assert (ranked[:, 0] == stored.persona_id).all()
    assert (ranked[:, 1] == stored.runner_up_persona_id).all()
    ordered = np.sort(away, axis=1)
    np.testing.assert_allclose(stored.distance, ordered[:, 0], atol=1e-6)
    np.testing.assert_allclose(stored.margin, ordered[:, 1] - ordered[:, 0], atol=1e-6)


def test_cost_is_scikit_learns(
    points: pd.DataFrame, trained: TrainedRun, read: Callable[[str], pd.DataFrame]
) -> None:
    model = KMeans(trained.k, n_init=10, random_state=0).fit(points)
    assert read("persona_runs").cost[0] == pytest.approx(model.inertia_, rel=0.01)


def test_silhouette_is_the_definition_with_squared_distances(
    points: pd.DataFrame, trained: TrainedRun, read: Callable[[str], pd.DataFrame]
) -> None:
    labels = read("persona_assignments").set_index("customer_id").persona_id
    labels = labels.loc[points.index].to_numpy()
    matrix = points.to_numpy()
    away = ((matrix[:, None] - matrix[None]) ** 2).sum(axis=2)
    scores = []
    for row, label in enumerate(labels):
        others = labels == label
        own = away[row, others].sum() / (others.sum() - 1)
        nearest = min(away[row, labels == o].mean() for o in set(labels) - {label})
        scores.append((nearest - own) / max(nearest, own))
    assert trained.silhouette == pytest.approx(np.mean(scores), abs=1e-6)


def test_the_whole_curve_is_stored(read: Callable[[str], pd.DataFrame]) -> None:
    curve = read("persona_selection").sort_values("k")
    assert curve.k.tolist() == [3, 4, 5]
    assert curve.k[curve.is_chosen].tolist() == [curve.k[curve.silhouette.idxmax()]]


def test_useless_features_are_dropped_with_a_reason(
    read: Callable[[str], pd.DataFrame],
) -> None:
    dropped = read("persona_features").set_index("feature").dropped_reason.dropna()
    assert dropped.to_dict() == {
        "returns_rate": "the same for every customer",
        "lines_per_purchase_day": "the same for every customer",
        "night_share": "unknown for every customer",
        "morning_share": "unknown for every customer",
        "afternoon_share": "unknown for every customer",
        "evening_share": "unknown for every customer",
    }


def test_of_many_values_the_twenty_most_frequent_are_kept(
    read: Callable[[str], pd.DataFrame],
) -> None:
    located = pd.DataFrame(planted()).location
    towns = located[located != "other"].value_counts()
    features = read("persona_features").set_index("feature")
    kept = {name for name in features.index if name.startswith("location:")}
    assert len(towns) > 21
    assert len(kept) == 21 and "location:other" in kept
    surely = towns[towns > towns.iloc[20]].index
    assert {f"location:{town}" for town in surely} <= kept
    # The rest is all that has no column, the town of that name too.
    alone = located.map(lambda town: f"location:{town}" in kept - {"location:other"})
    rest = features.loc["location:other"].population_mean
    assert rest == pytest.approx(1 - alone.mean())
    assert rest > (located == "other").mean() > 0.05


def test_profiles_are_means_in_the_features_unit(
    read: Callable[[str], pd.DataFrame],
) -> None:
    customers = pd.DataFrame(planted()).set_index("customer_id")
    customers["persona_id"] = (
        read("persona_assignments").set_index("customer_id").persona_id
    )
    profiles = read("persona_centroids").set_index(["persona_id", "feature"])
    by_persona = customers.groupby("persona_id")
    for persona, age in by_persona.age.mean().items():
        assert profiles.persona_mean[persona, "age"] == pytest.approx(age)
    for persona, log in by_persona.average_basket.agg(
        lambda basket: np.log1p(basket).mean()
    ).items():
        typical = profiles.persona_typical[persona, "average_basket"]
        assert typical == pytest.approx(np.expm1(log), rel=1e-6)


def test_personas_are_named_in_order_of_their_money(trained: TrainedRun) -> None:
    first, _, last = trained.personas
    assert [persona.id for persona in trained.personas] == [1, 2, 3]
    assert "ig-basket" in first.name and "average basket" in first.reason
    assert "mall-basket" in last.name
    assert sum(persona.size for persona in trained.personas) == trained.customers


@dataclass(frozen=True)
class Repeated:
    """A training that was killed, and one that was not.

    Attributes:
        written: The tables that had rows of the killed run.
        published: The runs that were published then.
        shown: Run and persona of each row of the mart then.
        run: The training after it, of the same customers in another order.
    """

    written: list[str]
    published: list[str]
    shown: list[tuple[str, int]]
    run: TrainedRun


@pytest.fixture(scope="module")
def repeated(
    spark: SparkSession, settings: Settings, trained: TrainedRun, project: Compiled
) -> Repeated:
    """The training once more, killed when all tables but that of the runs have it."""
    write = Run._write
    written = []

    def dying(self: Run, name: str, rows: DataFrame) -> None:
        if name == "persona_runs":
            raise ConnectionError("killed")
        write(self, name, rows)
        written.append(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "MOST", 3)
        patch.setattr(clusters, "ROWS_PER_PARTITION", ROWS_PER_PARTITION)
        with pytest.MonkeyPatch.context() as killed, pytest.raises(ConnectionError):
            killed.setattr(Run, "_write", dying)
            train.train(spark, settings, QUICK)
        runs = spark.table(f"{settings.schema('ml')}.persona_runs")
        published = [row.run_id for row in runs.collect()]
        with worlds.world(project) as world:
            for name in written:
                world.put(f"ml.{name}", spark.table(f"{settings.schema('ml')}.{name}"))
            world.put("ml.persona_runs", runs)
            shown = world.rows("personas.dim_personas", "run_id, persona_id")
        # A different number of shuffle partitions, and rows in another order.
        spark.conf.set("spark.sql.shuffle.partitions", "7")
        try:
            store(spark, settings, planted()[::-1])
            again = train.train(spark, settings, QUICK)
        finally:
            spark.conf.unset("spark.sql.shuffle.partitions")
    return Repeated(written, published, shown, again)


def test_a_run_that_dies_publishes_nothing_and_the_next_is_the_same_as_the_first(
    spark: SparkSession,
    settings: Settings,
    trained: TrainedRun,
    read: Callable[[str], pd.DataFrame],
    repeated: Repeated,
) -> None:
    tables = {table.name for table in spark.catalog.listTables(settings.schema("ml"))}
    personas = {table for table in tables if table.startswith("persona")}
    assert {*repeated.written, "persona_runs"} == personas
    assert repeated.published == [trained.run_id]
    assert repeated.shown == [(trained.run_id, number) for number in (1, 2, 3)]
    again = repeated.run
    assert again.run_id > trained.run_id
    assert again.personas == trained.personas
    assert (again.common, again.moved) == (CUSTOMERS, 0)
    assert [change.change for change in again.changes] == ["kept"] * 3
    key = ["customer_id"]
    first = read("persona_assignments").drop(columns="run_id").sort_values(key)
    second = table(spark, settings, "persona_assignments", again.run_id)
    second = second.drop(columns="run_id").sort_values(key)
    assert (first.to_numpy() == second.to_numpy()).all()
    [why] = table(spark, settings, "persona_runs", again.run_id).k_reason
    assert why.startswith("kept from the last run")


@pytest.mark.usefixtures("repeated")
def test_what_came_and_went_since_the_last_run_is_said(
    spark: SparkSession, settings: Settings, trained: TrainedRun, tmp_path: Path
) -> None:
    """Without the customers of one planted persona, and with a category renamed.

    The rules of the names have other words too, and k is chosen on a part of them.
    """
    edited = tmp_path / "rules.csv"
    edited.write_text(naming.RULES_FILE.read_text().replace("-basket", "-spending"))
    before = table(spark, settings, "persona_assignments", trained.run_id)
    planted_third = before.customer_id.str[1:].astype(int) % 3 == 2
    [gone] = before[planted_third].persona_id.mode()
    rows = [row for row in planted() if int(row["customer_id"][1:]) % 3 != 2]
    for row in rows:
        shares = row["category_shares"]
        row["category_shares"] = {
            "tools" if name == "toys" else name: share for name, share in shares.items()
        }
    store(spark, settings, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "MOST", 3)
        patch.setattr(naming, "RULES_FILE", edited)
        run = train.train(spark, settings, replace(QUICK, sample_size=200))
    assert run.common == len(rows)
    [stored] = table(spark, settings, "persona_runs", run.run_id).itertuples()
    # A hash decides for each customer: four deviations of its chance are 28.
    assert stored.customer_count == len(rows)
    assert 172 <= stored.sample_count <= 228
    assert any("-basket" in persona.name for persona in trained.personas)
    assert not any("-basket" in persona.name for persona in run.personas)
    assert any("-spending" in persona.name for persona in run.personas)
    by_change = {change.change: change for change in run.changes}
    assert by_change["disappeared"].persona_id == gone
    assert by_change["appeared"].persona_id == 4
    assert len(run.warnings) >= 2
    bins = table(spark, settings, "persona_feature_bins", run.run_id)
    own = bins[bins.edges_run_id == run.run_id]
    in_both = bins[bins.edges_run_id != run.run_id]
    assert "category_shares:tools" in set(own.feature)
    assert "category_shares:tools" not in set(in_both.feature)
    assert "category_shares:toys" not in set(own.feature) | set(in_both.feature)
    for _, counts in bins.groupby(["edges_run_id", "feature"]):
        assert counts.customer_count.sum() == len(rows)
    age = own[own.feature == "age"].set_index("bin")
    ages = pd.DataFrame(rows).age
    assert age.customer_count[0] == ages.isna().sum()
    assert age.customer_count[1] == (ages <= age.upper_edge[1]).sum()
    assert (
        age.upper_edge[1]
        == ages.dropna().sort_values().iloc[math.ceil(ages.notna().sum() / 10) - 1]
    )


def test_a_value_that_nearly_all_have_shows_when_they_lose_it(
    spark: SparkSession,
) -> None:
    """All deciles of 95 ones in 100 are 1; then there are 50."""
    share = Feature("weekend_share", "time", "weekend_share", PLAIN, F.col("share"))
    before, after = (
        spark.createDataFrame([(float(n < ones),) for n in range(100)], "share double")
        for ones in (95, 50)
    )
    edges = bins.deciles(before, [share])
    was, now = (
        [row["customer_count"] for row in bins.counted(customers, [share], edges)]
        for customers in (before, after)
    )
    assert was == [0, 5, 95, 0]
    assert now == [0, 50, 50, 0]
    # As the mart counts: half a customer more in each bin.
    shares = [(np.array(counts) + 0.5) / 102 for counts in (was, now)]
    index = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()
    assert index == pytest.approx(1.26, abs=0.01)


def test_deciles_that_differ_are_the_edges() -> None:
    assert bins.distinct([3.0, 1.0, 2.0]) == [1.0, 2.0, 3.0]
    assert bins.distinct([1.0, 2.0, 2.0, 2.0]) == [1.0, 2.0]
    below, zero = bins.distinct([0.0, 0.0])
    assert below < zero == 0.0


def test_what_hardly_anybody_has_founds_no_persona(spark: SparkSession) -> None:
    """Two of 400 have another level than the rest; planted are three personas."""
    rows = planted()
    for number, row in enumerate(rows):
        row["membership_level"] = "gold" if number < 2 else "basic"
    found = sampled(spark, rows)
    assert "membership_level:gold" in {one.name for one in found.used}
    assert found.choice.k == 3 and found.choice.has_structure
    labels = KMeans(3, n_init=10, random_state=0).fit(found.points).labels_
    assert np.bincount(labels).min() > 100


def test_customers_without_structure_get_a_warning(spark: SparkSession) -> None:
    """The planted customers, each block of features shuffled for itself."""
    draw = np.random.default_rng(3)
    rows = planted()
    columns = list(COLUMNS)
    value, demographics = columns[2:11], columns[-4:]
    time, category, payment = columns[11:16], columns[16:17], columns[17:18]
    for block in (value, time, category, payment, demographics):
        others = [rows[place] for place in draw.permutation(len(rows))]
        taken = [{name: other.get(name) for name in block} for other in others]
        rows = [row | values for row, values in zip(rows, taken, strict=True)]
    found = sampled(spark, rows)
    assert not found.choice.has_structure
    assert not any(one.is_credible for one in found.curve)
    best = max(found.curve, key=lambda one: one.silhouette)
    assert found.choice.k == best.k
    run = TrainedRun(
        *("run", best.k, found.choice.reason, False, 0.1, len(rows), [], []),
        is_retraining=False,
        common=0,
        moved=0,
    )
    [warning] = run.warnings
    assert warning.startswith("the customers show no structure beyond chance")


def test_a_sample_is_the_same_each_time(spark: SparkSession) -> None:
    """Whatever the order of the customers, and however they lie in partitions."""
    rows = planted()
    drawn = []
    for partitions, given in ((2, rows), (5, rows[::-1])):
        customers = frame_of(spark, given).repartition(partitions)
        used = features.used(features.measured(customers))
        points = clusters.as_points(customers, used, CUSTOMERS)
        drawn.append(clusters.sample(points, CUSTOMERS, 100))
    # A hash decides for each customer: four deviations of its chance are 35.
    assert 65 <= len(drawn[0]) <= 135
    assert drawn[0].tolist() == drawn[1].tolist()


def test_what_became_of_each_persona_is_told_apart() -> None:
    def name(words: str) -> Name:
        return Name(words, "", [])

    last = LastRun("run", 3, {1: name("a"), 2: name("b"), 3: name("c")})
    found = runs.changes(last, {1: name("a"), 3: name("x"), 4: name("d")})
    assert [tuple(vars(one).values()) for one in found] == [
        (1, "kept", "a", "a"),
        (2, "disappeared", "b", "b"),
        (3, "renamed", "x", "c"),
        (4, "appeared", "d", None),
    ]
    assert [one.is_news for one in found] == [False, True, True, True]


def test_the_rules_have_another_fingerprint_when_they_are_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = naming.fingerprint()
    edited = tmp_path / "rules.csv"
    edited.write_text(naming.RULES_FILE.read_text().replace("big-basket", "lavish"))
    monkeypatch.setattr(naming, "RULES_FILE", edited)
    assert naming.fingerprint() != before
    assert names(one={"average_basket": 1.0}) == ["Lavish shoppers"]


def test_rules_that_cannot_be_used_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row without weight, in a file that is not the project's."""
    edited = tmp_path / "rules.csv"
    header, *_ = naming.RULES_FILE.read_text().splitlines()
    edited.write_text(f"{header}\nage,high,older,14,age,,age\n")
    monkeypatch.setattr(naming, "RULES_FILE", edited)
    with pytest.raises(
        UserError, match=f"^{re.escape(str(edited))} cannot be used"
    ) as e:
        naming.rules()
    assert "\n" not in str(e.value)


def test_a_mart_that_lost_a_column_is_named_in_one_line(
    spark: SparkSession, elsewhere: Settings
) -> None:
    store(spark, elsewhere, planted())
    name = f"{elsewhere.schema('marts')}.fct_customer_features"
    less = spark.table(name).drop("weekend_share", "gender")
    less.write.format("delta").mode("overwrite").option(
        "overwriteSchema", "true"
    ).saveAsTable(name)
    try:
        with pytest.raises(UserError, match=r"has no weekend_share, gender: [^\n]+$"):
            train.train(spark, elsewhere)
    finally:
        spark.sql(f"drop table {name}")


def test_a_second_training_at_once_is_refused(
    spark: SparkSession, settings: Settings
) -> None:
    with (
        locks.exclusive(settings.lock_file("train"), "training"),
        pytest.raises(
            UserError, match=r"^process \d+ is training: wait until it ends$"
        ),
    ):
        train.train(spark, settings)


@pytest.fixture(scope="module")
def elsewhere(settings: Settings) -> Settings:
    """Schemas without a training, for what cannot be trained on."""
    return apart(settings, "other")


def test_without_features_the_user_is_told_to_build(
    spark: SparkSession, elsewhere: Settings
) -> None:
    with pytest.raises(UserError, match="run `behavior build` first"):
        train.train(spark, apart(elsewhere, "unbuilt"))
    store(spark, elsewhere, [])
    with pytest.raises(NothingToLearnError, match="no customers: nobody has bought"):
        train.train(spark, elsewhere)


@pytest.mark.parametrize("rows", [1, 50])
def test_customers_that_are_all_alike_have_no_personas(
    spark: SparkSession, elsewhere: Settings, rows: int
) -> None:
    alike = [{**planted()[0], "customer_id": str(number)} for number in range(rows)]
    store(spark, elsewhere, alike)
    with pytest.raises(
        NothingToLearnError,
        match=f"^fewer than 3 of the customers differ .{rows} in all",
    ):
        train.train(spark, elsewhere)
    assert spark.table(f"{elsewhere.schema('ml')}.persona_runs").count() == 0


def test_few_customers_without_attributes_get_personas(spark: SparkSession) -> None:
    """As in a log of dates and amounts only; there is no k above their number."""
    known = list(COLUMNS)[:11]
    rows = [{name: row[name] for name in known} for row in planted()[:5]]
    for row in rows:
        row |= {
            "distinct_category_count": 0,
            "category_shares": {},
            "gender": "unknown",
        }
    found = sampled(spark, rows)
    assert {one.block for one in found.used} == {"value"}
    assert {one.k for one in found.curve} == {3, 4, 5}
    model = KMeans(found.choice.k, n_init=10, random_state=0).fit(found.points)
    points = clusters.as_points(found.customers, found.used, len(rows))
    placed = clusters.placed(
        points, model.cluster_centers_, range(1, found.choice.k + 1)
    ).select("customer_id", "persona_id")
    profile = profiles.profiled(found.customers.join(placed, "customer_id"), found.used)
    named = naming.named(found.used, profile, {})
    assert len({name.name for name in named.values()}) == found.choice.k


def candidate(k: int, silhouette: float, **figures: float) -> Candidate:
    """A k that is credible unless the figures say otherwise."""
    known = {"stability": 0.9, "reference_silhouette": 0.1} | figures
    return Candidate(k, silhouette, cost=1.0, **known)


def test_k_is_kept_as_long_as_it_is_nearly_the_best() -> None:
    near = [candidate(3, 0.40), candidate(4, 0.44), candidate(5, 0.30)]
    assert selection.chosen(near, None, False).k == 4
    assert selection.chosen(near, 3, False).k == 3
    assert selection.chosen(near, 3, True).k == 4
    assert selection.chosen(near, 5, False).k == 4
    assert selection.chosen(near, 9, False).k == 4
    # Not where it no longer shows structure and another does.
    faded = [candidate(3, 0.43, stability=0.5), candidate(4, 0.44)]
    assert selection.chosen(faded, 3, False).k == 4
    both = [candidate(3, 0.43, stability=0.5), candidate(4, 0.44, stability=0.5)]
    assert selection.chosen(both, 3, False).k == 3
    equal = [candidate(3, 0.5), candidate(4, 0.5)]
    assert selection.chosen(equal, None, False).k == 3


def test_a_k_must_be_stable_and_above_its_reference() -> None:
    good = candidate(4, 0.30)
    shaky = candidate(5, 0.60, stability=0.69)
    inside = candidate(6, 0.60, reference_silhouette=0.56)
    choice = selection.chosen([inside, good, shaky], None, False)
    assert (choice.k, choice.has_structure) == (4, True)
    without = selection.chosen([inside, shaky], None, False)
    assert (without.k, without.has_structure) == (5, False)
    assert "no structure" in without.reason


def test_the_silhouette_is_sparks_and_scikit_learns(spark: SparkSession) -> None:
    draw = np.random.default_rng(5)
    matrix = np.vstack([draw.normal(place, 1, size=(70, 3)) for place in (0, 2, 5)])
    labels = np.repeat([4, 0, 7], 70)
    labels[0] = 9  # alone in its cluster
    found = selection.silhouette(matrix, labels)
    expected = silhouette_score(matrix, labels, metric="sqeuclidean")
    assert found == pytest.approx(expected, abs=1e-9)
    rows = [
        (Vectors.dense(row), float(label))
        for row, label in zip(matrix, labels, strict=True)
    ]
    evaluator = ClusteringEvaluator(featuresCol="point", predictionCol="label")
    assert found == pytest.approx(
        evaluator.evaluate(spark.createDataFrame(rows, ["point", "label"])), abs=1e-9
    )


def test_one_cluster_has_no_silhouette() -> None:
    assert selection.silhouette(np.eye(3), np.array([2, 2, 2])) == 0.0


@pytest.mark.parametrize(
    ("personas", "has_structure"), [(4, True), (0, False)], ids=["planted", "noise"]
)
def test_structure_is_what_blocks_have_in_common(
    personas: int, has_structure: bool
) -> None:
    """Each block has clusters of its own; only with personas do they coincide."""
    draw = np.random.default_rng(11)
    rows = 3000
    persona = draw.integers(personas, size=rows) if personas else None
    blocks = {"value": 3, "category": 4, "time": 2}
    columns = [
        draw.normal(size=(4, width))[
            draw.integers(4, size=rows) if persona is None else persona
        ]
        * 2
        + draw.normal(size=(rows, width))
        for width in blocks.values()
    ]
    names = [block for block, width in blocks.items() for _ in range(width)]
    curve = selection.curve(np.hstack(columns), names, draw.random(rows), 42)
    choice = selection.chosen(curve, None, False)
    assert choice.has_structure is has_structure
    if personas:
        assert choice.k == personas
    else:
        best = max(curve, key=lambda one: one.silhouette)
        assert choice.k == best.k


def test_how_often_customers_buy_is_no_structure_between_shares() -> None:
    """Few purchases push all shares to their ends, in each block by chance alone."""
    draw = np.random.default_rng(12)
    rows = 3000
    frequency = draw.choice([1.0, 30.0], size=rows)
    names = [block for block in ("category", "payment", "time") for _ in range(3)]
    shares = [
        draw.multinomial(frequency.astype(int), [1 / 3] * 3) / frequency[:, None]
        for _ in range(3)
    ]
    points = np.hstack([*shares, np.log(frequency)[:, None] / 5])
    names.append("value")
    choice = selection.chosen(selection.curve(points, names, frequency, 42), None, True)
    assert not choice.has_structure
    blind = selection.curve(points, names, draw.random(rows), 42)
    assert selection.chosen(blind, None, True).has_structure


def test_clusters_continue_the_personas_whose_customers_they_hold() -> None:
    common = {(7, 0): 10, (7, 1): 90, (9, 0): 80, (9, 1): 5}
    assert matching.matched(common, [7, 9], 2) == {0: 9, 1: 7}
    # Greedy would give cluster 0 to persona 1 and lose 59 customers.
    hungarian = {(1, 0): 60, (1, 1): 59, (2, 0): 58, (2, 1): 1}
    assert matching.matched(hungarian, [1, 2], 2) == {0: 2, 1: 1}


def test_a_persona_that_falls_apart_is_continued_by_nobody() -> None:
    common = {(1, 0): 30, (1, 1): 35, (1, 2): 35, (2, 0): 70, (2, 1): 65, (2, 2): 65}
    assert matching.matched(common, [1, 2], 3) == {}
    assert matching.matched({}, [1, 2], 3) == {}


def feature(name: str, transform: str = LOG) -> Feature:
    """A feature as the naming sees it."""
    column = name.partition(":")[0]
    return Feature(name, "value", column, transform, None, population_mean=0.4)


def names(**effects: dict[str, float]) -> list[str]:
    """The names of personas with these effects."""
    known = [
        feature("average_basket"),
        feature("frequency"),
        feature("weekend_share", SHARE),
        feature("category_shares:Garden_Tools", SHARE),
    ]
    profiles = {
        number: {
            one.name: Profile(0.6, 0.6, persona.get(one.name, 0.0)) for one in known
        }
        for number, persona in enumerate(effects.values(), start=1)
    }
    return [name.name for name in naming.named(known, profiles, {}).values()]


def test_names_are_the_strongest_traits_in_the_order_of_speech() -> None:
    basket = {"average_basket": 1.0, "weekend_share": 0.8, "frequency": 0.5}
    garden = {"category_shares:Garden_Tools": 0.9, "frequency": -0.4}
    assert names(basket=basket, garden=garden, nothing={}) == [
        "Weekend big-basket shoppers",
        "Occasional garden tools shoppers",
        "Average shoppers",
    ]


def test_namesakes_are_told_apart_by_their_next_trait() -> None:
    one = {"average_basket": 1.0, "weekend_share": 0.8, "frequency": 0.1}
    two = {"average_basket": 1.1, "weekend_share": 0.9, "frequency": -0.1}
    assert names(one=one, two=two) == [
        "Frequent weekend big-basket shoppers",
        "Occasional weekend big-basket shoppers",
    ]


def test_names_are_unique_even_where_nothing_tells_them_apart() -> None:
    assert names(one={}, two={}) == ["Average shoppers (1)", "Average shoppers (2)"]


def test_the_reason_of_a_name_has_the_figures() -> None:
    share = feature("weekend_share", SHARE)
    profile = {share.name: Profile(0.61, 0.6, 0.9)}
    [name] = naming.named([share], {1: profile}, {}).values()
    assert name.name == "Weekend shoppers"
    assert name.reason == "weekend share 61 % against 40 % in all customers"


def renamed(known: Name, effect: float) -> Name:
    """The name of a persona that had one, at this weekend share."""
    share = feature("weekend_share", SHARE)
    profiles = {3: {share.name: Profile(0.5, 0.5, effect)}}
    return naming.named([share], profiles, {3: known})[3]


def test_a_name_stays_until_its_trait_has_faded() -> None:
    share = feature("weekend_share", SHARE)
    first = naming.named([share], {3: {share.name: Profile(0.6, 0.6, 0.8)}}, {})[3]
    assert first.name == "Weekend shoppers"
    weaker = renamed(first, 0.41)
    assert (weaker.name, weaker.traits) == (first.name, first.traits)
    assert weaker.reason == "weekend share 50 % against 40 % in all customers"
    assert renamed(first, 0.39).name == "Weekend shoppers"
    assert renamed(first, 0.20).name == "Average shoppers"
    assert renamed(first, -0.80).name == "Weekday shoppers"


def test_a_new_persona_does_not_take_a_known_ones_name() -> None:
    known = [feature("average_basket"), feature("weekend_share", SHARE)]
    old = {"average_basket": Profile(9, 9, 1.0), "weekend_share": Profile(0, 0, 0.1)}
    new = {"average_basket": Profile(9, 9, 1.1), "weekend_share": Profile(0, 0, 0.2)}
    first = naming.named(known, {1: old}, {})
    both = naming.named(known, {1: old, 2: new}, first)
    assert both[1].name == "Big-basket shoppers"
    assert both[2].name == "Weekend big-basket shoppers"
