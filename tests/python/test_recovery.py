"""What the generator hid is found again: personas, and planted trouble."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from benchmarks.personas import recovery
from python_jobs.generate import Options
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


@pytest.fixture(scope="module")
def recovered(settings: Settings) -> dict[str, float]:
    """The recovery at 10,000 customers, more trouble than by default."""
    return recovery(
        settings, Options(customers=10_000, transactions=50_000, bad_rate=0.005)
    )


def test_the_hidden_personas_are_found(recovered: dict[str, float]) -> None:
    assert recovered["adjusted_rand_index"] >= 0.8
    assert recovered["clusters"] == 6


@pytest.mark.usefixtures("recovered")
def test_each_bad_line_is_quarantined_for_its_reason(
    spark: SparkSession, settings: Settings
) -> None:
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
