"""What the generator hid is found again: personas, customer value, planted trouble.

At ten and twenty thousand customers, which takes a quarter of an hour: `make soak`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pipeline import MODELS, apart, build
from pyspark.sql import SparkSession

from benchmarks.personas import a_month_later, recovery
from python_jobs import value
from python_jobs.generate import Options, generate
from python_jobs.generator.plan import Plan
from python_jobs.settings import Settings

QUARANTINED = {
    "no_customer": "missing_customer",
    "absurd_amount": "amount_beyond_limit",
    "future_date": "future_date",
}
QUARANTINED_CUSTOMERS = {
    "absurd_age": "age_out_of_range",
    "future_registration": "registered_in_future",
}


pytestmark = pytest.mark.soak

# More trouble than by default.
MANY = Options(customers=10_000, transactions=50_000, bad_rate=0.005)
# A purchase in two months, and none of what the models of value do not know.
PLAIN = Options(
    customers=20_000,
    transactions=120_000,
    personas=1,
    season=False,
    weekday_profile=False,
    trouble=False,
)
NORMAL_99 = 2.576


@pytest.fixture(scope="module")
def recovered(settings: Settings) -> dict[str, float]:
    """The recovery at 10,000 customers."""
    return recovery(settings, MANY)


def test_the_hidden_personas_are_found(recovered: dict[str, float]) -> None:
    assert recovered["adjusted_rand_index"] >= 0.8
    assert recovered["clusters"] == 6
    assert recovered["has_structure"]


@pytest.fixture(scope="module")
def later(settings: Settings, recovered: dict[str, float]) -> dict[str, Any]:
    """A second training, 30 days later."""
    assert recovered
    return a_month_later(settings, MANY)


def test_customers_keep_their_persona_for_a_month(later: dict[str, Any]) -> None:
    assert later["common_customers"] > 9_000
    assert later["share_that_kept_its_persona"] >= 0.95
    assert later["news"] == []


@pytest.mark.usefixtures("later")
def test_the_marts_know_both_trainings_and_show_the_newest(
    spark: SparkSession, settings: Settings
) -> None:
    build(
        settings,
        *("--select", "+path:models/personas", "--indirect-selection", "cautious"),
        *("--exclude", "test_type:unit"),
    )
    runs = spark.table(f"{settings.schema('ml')}.persona_runs").orderBy("run_id")
    first, second = (row.run_id for row in runs.collect())

    def shown(mart: str, columns: str) -> list[tuple[Any, ...]]:
        rows = spark.sql(
            f"select distinct {columns} from {settings.schema('personas')}.{mart} "
            "order by all"
        )
        return [tuple(row) for row in rows.collect()]

    assert shown("fct_customer_persona_history", "run_id") == [(first,), (second,)]
    for mart in ("fct_customer_personas", "dim_personas", "rpt_persona_profiles"):
        assert shown(mart, "run_id") == [(second,)]
    assert shown("rpt_persona_changes", "run_id, persona_change") == [
        (first, "appeared"),
        (second, "kept"),
    ]
    features = spark.table(f"{settings.schema('ml')}.persona_features")
    measured = features.where(features.run_id == second).count()
    drift = shown("rpt_persona_drift", "run_id, feature")
    assert {run_id for run_id, _ in drift} == {second}
    assert len(drift) >= measured > 30


def test_the_planted_value_is_within_the_intervals(
    spark: SparkSession, settings: Settings
) -> None:
    """An interval of 99 %, from the spread of a parameter's logarithm in the draws."""
    own = apart(settings, "plain")
    generate(spark, own, PLAIN)
    build(own, "--select", "+fct_customer_purchase_summary", *MODELS)
    run = value.fit(spark, own, value.Options(draws=100))
    plan = Plan(PLAIN)
    [persona] = plan.personas
    planted = {
        "r": persona.rate_shape,
        "alpha": plan.alphas[0],
        "a": persona.dropout[0],
        "b": persona.dropout[1],
        "p": persona.basket_shape,
        "q": persona.basket_spread,
        "v": plan.basket_scales[0],
    }
    assert planted["alpha"] / planted["r"] > 7, "more than one purchase a week"
    as_of = run.populations[0].fit_date
    fits = {one.model: one for one in run.fits if one.fit_date == as_of}
    found = {}
    for model in ("BG/NBD", "Gamma-Gamma"):
        one = fits[model]
        spread = np.log(one.draws).std(axis=0)
        for name, estimate, error in zip(
            one.fit.names, one.fit.parameters, spread, strict=True
        ):
            found[name] = np.log(planted[name] / estimate) / error
    assert found.keys() == planted.keys()
    assert {name: off for name, off in found.items() if abs(off) > NORMAL_99} == {}


@pytest.mark.usefixtures("recovered")
def test_each_bad_line_is_quarantined_for_its_reason(
    spark: SparkSession, settings: Settings
) -> None:
    build(settings, "--select", "stg_quarantined_transactions", *MODELS)
    planted = keys(spark, settings, "trouble", "transaction_id")
    found = quarantined(spark, settings, "stg_quarantined_transactions")
    for trouble, reason in QUARANTINED.items():
        assert planted[trouble]
        assert found.pop(reason) == planted[trouble], trouble
    delivered = {
        row.customer_id
        for row in spark.table(f"{settings.schema('raw')}.customers").collect()
    }
    orphans = spark.sql(
        f"""
        select transaction_id, customer_id from {settings.schema("raw_truth")}.trouble
        where trouble = 'orphan'
        """
    ).collect()
    assert found.pop("orphan") == {
        row.transaction_id for row in orphans if row.customer_id not in delivered
    }
    assert found == {}


@pytest.mark.usefixtures("recovered")
def test_each_bad_customer_is_quarantined_for_its_reason(
    spark: SparkSession, settings: Settings
) -> None:
    planted = keys(spark, settings, "trouble", "customer_id")
    found = quarantined(spark, settings, "stg_quarantined_customers", "customer_id")
    assert found == {
        reason: planted[trouble] for trouble, reason in QUARANTINED_CUSTOMERS.items()
    }


def keys(
    spark: SparkSession, settings: Settings, table: str, key: str
) -> dict[str, set[str]]:
    """The keys of the planted trouble, by kind."""
    rows = spark.sql(
        f"""
        select trouble, collect_set({key}) as found
        from {settings.schema("raw_truth")}.{table} group by trouble
        """
    ).collect()
    return {row.trouble: set(row.found) for row in rows}


def quarantined(
    spark: SparkSession, settings: Settings, table: str, key: str = "transaction_id"
) -> dict[str, set[str]]:
    """The keys of the quarantined rows, by reason."""
    rows = spark.sql(
        f"""
        select quarantine_reason, collect_set({key}) as found
        from {settings.schema("staging")}.{table} group by quarantine_reason
        """
    ).collect()
    return {row.quarantine_reason: set(row.found) for row in rows}
