"""Insights: a planted effect yields its line, and noise yields none.

The worlds are made at the grain of the marts that insights read, by NumPy, not by the
generator: what differs between customers is exactly what the test says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import pytest
import worlds
from worlds import Compiled, World

CUSTOMERS = 4_000
SEGMENTS = ("Champions", "Loyal Customers", "At Risk", "Hibernating")
LOCATIONS = ("North", "South", "West", "East")
CATEGORIES = ("books", "music", "toys")
METHODS = ("card", "cash")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def world(project: Compiled) -> Iterator[World]:
    """A world whose marts the tests give it."""
    with worlds.world(project) as world:
        yield world


def noise(seed: int) -> Tables:
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


def findings(world: World, tables: Tables) -> set[tuple[str, str, str, bool]]:
    """Topic, subject, group and direction of each insight that these tables give."""
    for name, frame in tables.items():
        rows = world.spark.createDataFrame(frame)
        if "net_revenue" in frame:
            money = rows["net_revenue"].cast("decimal(18,2)")
            rows = rows.withColumn("net_revenue", money)
        world.put(f"marts.{name}", rows)
    found = world.rows("insights.rpt_insights", "topic, subject, group_name, is_higher")
    return set(found)


def test_noise_yields_no_insight(world: World) -> None:
    """Twenty worlds of some fifty comparisons each.

    At |z| of 4 about one world in 300 has a line by chance; none of these has.
    That the tests are neither blunt nor too sharp shows in all their z: of noise the
    standard deviation is 1.
    """
    said, z_scores = {}, []
    for seed in range(100, 120):
        if found := findings(world, noise(seed)):
            said[seed] = found
        z_scores += [z for (z,) in world.rows("insights.fct_comparisons", "z_score")]
    assert said == {}
    assert len(z_scores) > 20 * 50
    assert np.std(z_scores) == pytest.approx(1, abs=0.1)


def in_the_north_more_are_at_risk(tables: Tables) -> None:
    north = tables["dim_customers"]["location"] == "North"
    tables["fct_customer_churn"].loc[
        north.to_numpy().nonzero()[0][::3], "window_risk"
    ] = "High"


def gold_members_bring_more(tables: Tables) -> None:
    gold = tables["dim_customers"]["membership_level"] == "gold"
    tables["dim_customers"].loc[gold, "net_revenue"] *= 2


def people_of_18_to_24_return_more(tables: Tables) -> None:
    young = tables["dim_customers"]["age_band"] == "18 to 24"
    tables["dim_customers"].loc[young.to_numpy().nonzero()[0][::4], "return_count"] = 1


def champions_love_books(tables: Tables) -> None:
    rfm, tastes = tables["fct_customer_rfm"], tables["fct_customer_preferences"]
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
    world: World,
    plant: Callable[[Tables], None],
    expected: tuple[str, str, str, bool],
) -> None:
    tables = noise(7)
    plant(tables)
    found = findings(world, tables)
    assert expected in found
    # What is said besides is the other side of the same: the rest has less of it.
    assert {topic for topic, *_ in found} == {expected[0]}


def test_a_group_of_few_yields_no_line(world: World) -> None:
    """However large the effect: ninety customers are too few."""
    tables = noise(7)
    customers = tables["dim_customers"]
    north = (customers["location"] == "North").to_numpy().nonzero()[0]
    customers.loc[north[90:], "location"] = "South"
    tables["fct_customer_churn"].loc[north[:90], "window_risk"] = "High"
    assert "North" not in {group for _, _, group, _ in findings(world, tables)}
