"""The whole way on the CDNOW purchase log, against an independent calculation."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pipeline import parse_cdnow, rejects_nothing_lost
from pyspark.sql import SparkSession

from python_jobs import load
from python_jobs.settings import Settings

SEGMENTS = Path(__file__).parents[2] / "seeds" / "rfm_segments_quintile.csv"


@pytest.fixture(scope="module")
def log() -> list[tuple[str, str, str]]:
    """The rows of CDNOW's file, read by plain Python."""
    return parse_cdnow(Path(load.example("cdnow")[0]))


def test_every_row_is_accounted_for(
    spark: SparkSession, cdnow: Settings, log: list[tuple[str, str, str]]
) -> None:
    lines = spark.table(f"{cdnow.schema('staging')}.stg_transactions")
    [row] = lines.selectExpr("count(*)", "sum(amount)").collect()
    assert tuple(row) == (69_659, Decimal("2500315.63"))
    assert len(log) == 69_659
    rejects_nothing_lost(spark, cdnow)


def test_what_the_log_does_not_tell_is_no_feature(
    spark: SparkSession, cdnow: Settings
) -> None:
    """No category, method or hour: all customers would look alike in them."""
    [told] = spark.sql(
        f"""
        select
            max(size(category_shares)) as categories,
            max(size(payment_shares)) as methods,
            count(distinct_category_count) as counted,
            count(morning_share) as timed,
            count(*) as customers
        from {cdnow.schema("marts")}.fct_customer_features
        """
    ).collect()
    assert told.asDict() == {
        "categories": 0,
        "methods": 0,
        "counted": 0,
        "timed": 0,
        "customers": 23_502,
    }


def test_the_default_model_predicts_no_worse_than_the_other(
    spark: SparkSession, cdnow: Settings
) -> None:
    """Of purchase days in the hold-out, by the mean absolute error."""
    rows = spark.sql(
        f"""
        select model, mean_absolute_error, is_used
        from {cdnow.schema("marts")}.rpt_lifetime_value_calibration
        where target = 'purchases' and decile = 0
        """
    ).collect()
    assert {row.model for row in rows if row.is_used} == {"MBG/NBD"}
    errors = {row.model: row.mean_absolute_error for row in rows}
    assert 0 < errors["MBG/NBD"] <= errors["BG/NBD"]


def test_rfm_scores_follow_their_definition(
    spark: SparkSession, cdnow: Settings, log: list[tuple[str, str, str]]
) -> None:
    expected = rfm_by_definition(log)
    found = {
        row.customer_id: tuple(row)[1:]
        for row in spark.sql(
            f"""
            select customer_id, recency_days, frequency, monetary, r_score, f_score,
                m_score, segment
            from {cdnow.schema("marts")}.fct_customer_rfm
            """
        ).collect()
    }
    assert len(found) == 23_570
    assert found == expected


def test_each_segment_of_the_summary_counts_its_customers(
    spark: SparkSession, cdnow: Settings, log: list[tuple[str, str, str]]
) -> None:
    expected = Counter(row[-1] for row in rfm_by_definition(log).values())
    rows = spark.sql(
        f"""
        select segment, customer_count
        from {cdnow.schema("marts")}.rpt_rfm_segments where method = 'quintile'
        """
    ).collect()
    assert {row.segment: row.customer_count for row in rows} == dict(expected)


def rfm_by_definition(log: list[tuple[str, str, str]]) -> dict[str, tuple]:
    """Recency, frequency, monetary, scores and segment, by sorting all customers.

    score = 1 + min(4, floor(5 (rank - 1) / (n - 1))), rank being the smallest rank
    among equals, ascending in goodness.
    """
    days: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for customer, day, dollars in log:
        parsed = datetime.strptime(day, "%Y%m%d").date()
        days[customer][parsed] += Decimal(dollars)
    as_of = max(max(history) for history in days.values()) + timedelta(days=1)
    buyers, prospects = {}, {}
    for customer, history in days.items():
        money = sum(history.values())
        purchase_days = [day for day, net in history.items() if net > 0]
        if purchase_days:
            recency = (as_of - max(purchase_days)).days
            buyers[customer] = (recency, len(purchase_days), money)
        else:
            prospects[customer] = (None, 0, money, None, None, None, "Prospects")
    scores = [
        quintile_scores({customer: -rfm[0] for customer, rfm in buyers.items()}),
        quintile_scores({customer: rfm[1] for customer, rfm in buyers.items()}),
        quintile_scores({customer: rfm[2] for customer, rfm in buyers.items()}),
    ]
    cells = dict(line.rsplit(",", 1) for line in SEGMENTS.read_text().splitlines()[1:])
    result = prospects
    for customer, rfm in buyers.items():
        cell = tuple(score[customer] for score in scores)
        segment = cells[",".join(map(str, cell))]
        if segment == "Cannot Lose Them" and rfm[1] < 2:
            segment = "Hibernating"
        result[customer] = (*rfm, *cell, segment)
    return result


def quintile_scores(goodness: dict[str, int | Decimal]) -> dict[str, int]:
    """The score of each key, from a plain sort."""
    in_order = sorted(goodness.values())
    smallest_rank: dict[int | Decimal, int] = {}
    for rank, value in enumerate(in_order, start=1):
        smallest_rank.setdefault(value, rank)
    count = len(in_order)
    return {
        key: 1 + min(4, 5 * (smallest_rank[value] - 1) // (count - 1))
        for key, value in goodness.items()
    }
