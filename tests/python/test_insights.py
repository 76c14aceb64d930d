"""Insights: a planted effect yields its line, and noise yields none.

The worlds are made at the grain of the marts that insights read, by NumPy, not by the
generator: what differs between customers is exactly what the test says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from python_jobs import dbt
from python_jobs.settings import Settings

CUSTOMERS = 4_000
SEGMENTS = ("Champions", "Loyal Customers", "At Risk", "Hibernating")
LOCATIONS = ("North", "South", "West", "East")
CATEGORIES = ("books", "music", "toys")
METHODS = ("card", "cash")
# From the marts to the findings, in the order in which they build on each other.
CHAIN = (
    "fct_segment_preferences",
    "fct_group_measures",
    "fct_comparisons",
    "rpt_insights",
)
World = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def queries(settings: Settings) -> dict[str, str]:
    """The compiled SQL of the chain, reading bare names."""
    lines: list[str] = []
    # A full parse: the manifest must be of this module's schemas.
    code = dbt.run(settings, ["compile"], ["--select", *CHAIN], lines.append)
    assert code == 0, "\n".join(lines[-40:])
    manifest = json.loads((settings.dbt_folder / "manifest.json").read_text())
    own_schemas = re.compile(rf"\b{settings.schema_prefix}(marts|insights)\.")
    compiled = {
        node["name"]: own_schemas.sub("", node["compiled_code"])
        for node in manifest["nodes"].values()
        if node["name"] in CHAIN
    }
    assert set(compiled) == set(CHAIN)
    return compiled


def noise(seed: int) -> World:
    """Customers among whom nothing depends on anything."""
    rng = np.random.default_rng(seed)
    ids = [f"c{number}" for number in range(CUSTOMERS)]

    def any_of(values: tuple[str, ...]) -> np.ndarray:
        return rng.choice(values, CUSTOMERS)

    lines = rng.geometric(0.3, CUSTOMERS)
    return {
        "dim_customers": pd.DataFrame(
            {
                "customer_id": ids,
                "age_band": any_of(("18 to 24", "25 to 34", "35 to 44")),
                "gender": any_of(("female", "male", "unknown")),
                "location": any_of(LOCATIONS),
                "membership_level": any_of(("gold", "silver", "basic")),
                "net_revenue": np.round(rng.lognormal(4, 1, CUSTOMERS), 2),
                "purchase_day_count": lines,
                "transaction_count": lines,
                "return_count": (rng.random(CUSTOMERS) < 0.1).astype(int),
            }
        ),
        "fct_customer_churn": pd.DataFrame(
            {
                "customer_id": ids,
                "window_risk": rng.choice(
                    ["High", "Medium", "Low"], CUSTOMERS, p=[0.3, 0.2, 0.5]
                ),
            }
        ),
        "fct_customer_rfm": pd.DataFrame(
            {"customer_id": ids, "segment": any_of(SEGMENTS)}
        ),
        "fct_customer_preferences": pd.concat(
            _preferences(rng, ids, lines, attribute, values)
            for attribute, values in (
                ("product_category", CATEGORIES),
                ("payment_method", METHODS),
            )
        ),
    }


def _preferences(
    rng: np.random.Generator,
    ids: list[str],
    lines: np.ndarray,
    attribute: str,
    values: tuple[str, ...],
) -> pd.DataFrame:
    counts = rng.multinomial(lines, [1 / len(values)] * len(values))
    customer, value = np.nonzero(counts)
    return pd.DataFrame(
        {
            "customer_id": np.array(ids)[customer],
            "attribute": attribute,
            "attribute_value": np.array(values)[value],
            "purchase_line_count": counts[customer, value],
            "net_revenue": counts[customer, value],
        }
    )


def findings(
    spark: SparkSession, queries: dict[str, str], world: World
) -> set[tuple[str, str, str, bool]]:
    """Topic, subject, group and direction of each insight of a world."""
    for name, frame in world.items():
        view = spark.createDataFrame(frame)
        if "net_revenue" in frame:
            money = view["net_revenue"].cast("decimal(18,2)")
            view = view.withColumn("net_revenue", money)
        view.createOrReplaceTempView(name)
    for name in CHAIN:
        spark.sql(queries[name]).createOrReplaceTempView(name)
    rows = spark.sql("select topic, subject, group_name, is_higher from rpt_insights")
    return {tuple(row) for row in rows.collect()}


def test_noise_yields_no_insight(spark: SparkSession, queries: dict[str, str]) -> None:
    """Twenty worlds of some fifty comparisons each.

    At |z| of 4 about one world in 300 has a line by chance; none of these has.
    That the tests are neither blunt nor too sharp shows in all their z: of noise the
    standard deviation is 1.
    """
    said, z_scores = {}, []
    for seed in range(100, 120):
        if found := findings(spark, queries, noise(seed)):
            said[seed] = found
        z_scores += [
            row.z_score
            for row in spark.sql("select z_score from fct_comparisons").collect()
        ]
    assert said == {}
    assert len(z_scores) > 20 * 50
    assert np.std(z_scores) == pytest.approx(1, abs=0.1)


def in_the_north_more_are_at_risk(world: World) -> None:
    north = world["dim_customers"]["location"] == "North"
    world["fct_customer_churn"].loc[
        north.to_numpy().nonzero()[0][::3], "window_risk"
    ] = "High"


def gold_members_bring_more(world: World) -> None:
    gold = world["dim_customers"]["membership_level"] == "gold"
    world["dim_customers"].loc[gold, "net_revenue"] *= 2


def people_of_18_to_24_return_more(world: World) -> None:
    young = world["dim_customers"]["age_band"] == "18 to 24"
    world["dim_customers"].loc[young.to_numpy().nonzero()[0][::4], "return_count"] = 1


def champions_love_books(world: World) -> None:
    rfm, tastes = world["fct_customer_rfm"], world["fct_customer_preferences"]
    champions = set(rfm.loc[rfm["segment"] == "Champions", "customer_id"])
    books = (tastes["attribute_value"] == "books").to_numpy()
    theirs = tastes["customer_id"].isin(champions).to_numpy()
    tastes.loc[books & theirs, "purchase_line_count"] *= 3


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        (in_the_north_more_are_at_risk, ("high_churn_risk",) * 2 + ("North", True)),
        (gold_members_bring_more, ("net_revenue",) * 2 + ("gold", True)),
        (people_of_18_to_24_return_more, ("has_returns",) * 2 + ("18 to 24", True)),
        (champions_love_books, ("product_category", "books", "Champions", True)),
    ],
)
def test_a_planted_effect_yields_its_line(
    spark: SparkSession,
    queries: dict[str, str],
    plant: Callable[[World], None],
    expected: tuple[str, str, str, bool],
) -> None:
    world = noise(7)
    plant(world)
    found = findings(spark, queries, world)
    assert expected in found
    # What is said besides is the other side of the same: the rest has less of it.
    assert {topic for topic, *_ in found} == {expected[0]}


def test_a_group_of_few_yields_no_line(
    spark: SparkSession, queries: dict[str, str]
) -> None:
    """However large the effect: ninety customers are too few."""
    world = noise(7)
    customers = world["dim_customers"]
    north = (customers["location"] == "North").to_numpy().nonzero()[0]
    customers.loc[north[90:], "location"] = "South"
    world["fct_customer_churn"].loc[north[:90], "window_risk"] = "High"
    assert "North" not in {group for _, _, group, _ in findings(spark, queries, world)}
