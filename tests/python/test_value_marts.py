"""What the marts make of a fit of customer value, on numbers worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pipeline import MODELS, build, deliver
from pyspark.sql import SparkSession

from python_jobs import contract, dbt
from python_jobs.settings import Settings

# All that reads a fit and can be built without the rest, with its tests.
READERS = (
    *("--select", "stg_value_runs+", "--indirect-selection", "cautious", "--exclude"),
    *("models/insights", "fct_high_value_at_risk+", "test_type:unit", "exposure:*"),
    *("assert_money_in_is_money_out", "assert_parts_add_up_to_all_customers"),
)
TODAY, CUT = date(2024, 7, 1), date(2024, 4, 2)
STALE, FUTURE = date(2024, 5, 1), date(2024, 9, 1)
BG, MBG, MONEY = "BG/NBD", "MBG/NBD", "Gamma-Gamma"
NO_FIT_AT_CUT = "no fit at the cut yet: run `behavior value`"
NOT_OF_TODAY = "no expectations for this as-of date: run `behavior value`"
UNSEEN = "no expectations for this history: run `behavior value`"


def rows(
    spark: SparkSession, settings: Settings, mart: str, columns: str, where: str = ""
) -> list[tuple[Any, ...]]:
    """Rows of a mart, in the order of their columns."""
    found = spark.sql(
        f"""
        select {columns} from {settings.schema("marts")}.{mart}
        where {where or "true"} order by all
        """
    )
    return [tuple(row) for row in found.collect()]


def write(
    spark: SparkSession, settings: Settings, table: str, columns: str, *values: str
) -> None:
    """Append rows written as SQL values to a table of fits."""
    spark.sql(
        f"insert into {settings.schema('ml')}.value_{table} ({columns}) values "
        + ", ".join(f"({row})" for row in values)
    )


def write_run(
    spark: SparkSession, settings: Settings, run_id: str, as_of: date, cut: date
) -> None:
    """Publish a run."""
    write(
        spark,
        settings,
        "runs",
        "run_id, fitted_at, as_of_date, cut_date, seed, draw_count",
        f"'{run_id}', timestamp'2024-07-01', date'{as_of}', date'{cut}', 42, 2",
    )


def write_fit(
    spark: SparkSession,
    settings: Settings,
    run_id: str,
    fit_date: date,
    model: str,
    parameters: dict[str, float] | None,
    correlation: float | None = None,
) -> None:
    """One model's fit, or that it has none."""
    reason = "null" if parameters else "'too few'"
    write(
        spark,
        settings,
        "fits",
        "run_id, fit_date, model, customer_count, repeater_count, no_fit_reason, "
        "value_correlation",
        f"'{run_id}', date'{fit_date}', '{model}', 3, 1, {reason}, "
        f"{'null' if correlation is None else correlation}",
    )
    if parameters:
        write(
            spark,
            settings,
            "parameters",
            "run_id, fit_date, model, parameter, estimate",
            *(
                f"'{run_id}', date'{fit_date}', '{model}', '{name}', {estimate}"
                for name, estimate in parameters.items()
            ),
        )


@pytest.fixture(scope="module")
def stale(spark: SparkSession, settings: Settings) -> Settings:
    """Four customers as of July, and a fit of May.

    ann   buys in January, in March and on the last day of June
    bob   buys in January
    cleo  buys in May
    rex   has nothing but a return
    """
    customers = ", ".join(f"('{name}')" for name in ("ann", "bob", "cleo", "rex"))
    deliver(spark, settings, "customers", "customer_id", customers)
    deliver(
        spark,
        settings,
        "transactions",
        "transaction_id, customer_id, transacted_at, amount",
        """
        ('a1', 'ann', timestamp'2024-01-02', 100),
        ('a2', 'ann', timestamp'2024-03-02', 50),
        ('a3', 'ann', timestamp'2024-06-30', 70),
        ('b1', 'bob', timestamp'2024-01-02', 40),
        ('c1', 'cleo', timestamp'2024-05-01', 30),
        ('r1', 'rex', timestamp'2024-06-01', -5)
        """,
    )
    contract.create_missing(spark, settings, "ml")
    purchases = {"r": 1, "alpha": 100, "a": 1, "b": 1}
    write_fit(spark, settings, "1", STALE, MBG, purchases)
    write_fit(spark, settings, "1", STALE, MONEY, {"p": 2, "q": 3, "v": 30}, 0.1)
    write_run(spark, settings, "1", STALE, date(2024, 2, 1))
    build(
        settings,
        *("--select", "+rpt_churn_risk", "+rpt_churn_backtest"),
        *("+fct_customer_lifetime_value", "+rpt_lifetime_value_calibration"),
        *MODELS,
    )
    return settings


def test_parameters_of_an_earlier_day_tell_who_is_there_but_not_what_will_come(
    spark: SparkSession, stale: Settings
) -> None:
    found = rows(
        spark,
        stale,
        "fct_customer_lifetime_value",
        "customer_id, fit_date, p_alive, expected_basket, expected_purchases_365d, "
        "expected_value_365d, no_value_reason",
    )
    # 1 / (1 + (a / (b + x)) ((alpha + T) / (alpha + t_x))^(r + x)), in days.
    alive = {
        "ann": 1 / (1 + 1 / 3 * (281 / 280) ** 3),
        "bob": 1 / (1 + 281 / 100),
        "cleo": 1 / (1 + 161 / 100),
    }
    baskets = {"ann": Decimal("50.00"), "bob": Decimal(30), "cleo": Decimal(30)}
    assert found == [
        (who, STALE, pytest.approx(alive[who]), baskets[who], None, None, NOT_OF_TODAY)
        for who in alive
    ]


def test_the_risk_by_p_alive_stands_beside_the_others(
    spark: SparkSession, stale: Settings
) -> None:
    assert rows(
        spark,
        stale,
        "fct_customer_churn",
        "customer_id, p_alive_risk, no_p_alive_reason",
    ) == [
        ("ann", "Low", None),
        ("bob", "High", None),
        ("cleo", "Medium", None),
        ("rex", None, "no purchase day"),
    ]
    assert rows(
        spark,
        stale,
        "rpt_churn_risk",
        "risk, customer_count, net_revenue",
        "method = 'p_alive'",
    ) == [
        ("High", 1, Decimal("40.00")),
        ("Low", 1, Decimal("220.00")),
        ("Medium", 1, Decimal("30.00")),
        ("Prospects", 1, Decimal("-5.00")),
    ]


def test_the_back_test_takes_no_fit_but_of_the_cut(
    spark: SparkSession, stale: Settings
) -> None:
    """That of May has seen a month of the hold-out."""
    assert rows(
        spark,
        stale,
        "rpt_churn_backtest",
        "risk, customer_count, churned_customer_count",
        "method = 'p_alive'",
    ) == [("Unknown", 2, 1)]
    assert rows(
        spark,
        stale,
        "rpt_lifetime_value_calibration",
        "model, target, decile, customer_count, no_calibration_reason",
    ) == [
        (model, target, 0, 0, NO_FIT_AT_CUT)
        for model in (BG, MBG)
        for target in ("purchases", "revenue")
    ]


@pytest.fixture(scope="module")
def fitted(spark: SparkSession, stale: Settings) -> Settings:
    """A fit of today and of the cut as well; built with all tests.

    With it one of the future, and one that was never published: neither counts.
    """
    absurd = {"r": 9, "alpha": 9, "a": 9, "b": 9}
    write_fit(spark, stale, "2", TODAY, MBG, {"r": 1, "alpha": 100, "a": 1, "b": 1})
    write_fit(spark, stale, "2", CUT, MBG, {"r": 1, "alpha": 50, "a": 1, "b": 1})
    for fit_date, correlation in ((TODAY, -0.3), (CUT, 0.31)):
        write_fit(spark, stale, "2", fit_date, BG, None)
        write_fit(
            spark, stale, "2", fit_date, MONEY, {"p": 2, "q": 3, "v": 30}, correlation
        )
    for fit_date in (FUTURE, TODAY, CUT):
        write_fit(spark, stale, "3", fit_date, MBG, absurd)
        write_fit(spark, stale, "4", fit_date, MBG, absurd)
    write(
        spark,
        stale,
        "parameter_draws",
        "run_id, fit_date, model, parameter, draw, estimate",
        *(
            f"'2', date'{TODAY}', '{MONEY}', '{name}', {draw}, {estimate}"
            for draw, v in ((1, 30), (2, 60))
            for name, estimate in (("p", 2), ("q", 3), ("v", v))
        ),
    )
    history = "run_id, fit_date, model, repeat_count, last_purchase_age, customer_age, "
    write(
        spark,
        stale,
        "expectations",
        f"{history} expected_purchases_30d, expected_purchases_90d, "
        "expected_purchases_365d, expected_purchases_365d_draws",
        f"'2', date'{TODAY}', '{MBG}', 2, 180, 181, 0.5, 1, 4, array(3, 5)",
        f"'2', date'{TODAY}', '{MBG}', 0, 0, 181, 0.1, 0.2, 0.5, array(0.5, 1)",
        # Nobody has this history, and nobody believes an unpublished run.
        f"'2', date'{TODAY}', '{MBG}', 0, 0, 60, 9, 9, 9, array(9, 9)",
        f"'4', date'{TODAY}', '{MBG}', 0, 0, 61, 9, 9, 9, array(9, 9)",
    )
    write(
        spark,
        stale,
        "expectations",
        f"{history} expected_purchases_holdout",
        f"'2', date'{CUT}', '{MBG}', 1, 60, 91, 1.5",
        f"'2', date'{CUT}', '{MBG}', 0, 0, 91, 0.5",
        f"'4', date'{CUT}', '{MBG}', 0, 0, 91, 9",
    )
    write_run(spark, stale, "3", FUTURE, date(2024, 6, 3))
    write_run(spark, stale, "2", TODAY, CUT)
    build(stale, *READERS)
    return stale


def test_a_value_is_purchases_times_basket_and_its_bounds_are_those_of_the_draws(
    spark: SparkSession, fitted: Settings
) -> None:
    """Ann's basket is 2 (30 + 120) / (4 + 3 - 1); by the second draw 60.

    So her draws are 3 x 50 and 5 x 60, and bob's 0.5 x 30 and 1 x 60. Of two numbers
    the 5th percentile lies a twentieth of the way from the lower to the higher.
    """
    found = rows(
        spark,
        fitted,
        "fct_customer_lifetime_value",
        "customer_id, run_id, expected_purchases_90d, expected_value_365d, "
        "expected_value_lower, expected_value_upper, is_value_independent, "
        "no_value_reason",
    )
    money = Decimal
    assert found == [
        ("ann", "2", 1, money("200"), money("157.5"), money("292.5"), True, None),
        ("bob", "2", 0.2, money("15"), money("17.25"), money("57.75"), True, None),
        ("cleo", "2", None, None, None, None, True, UNSEEN),
    ]


def test_the_back_test_by_p_alive_is_by_the_parameters_of_the_cut(
    spark: SparkSession, fitted: Settings
) -> None:
    """On the cut ann is at .549 and bob at .262: he did not come back."""
    assert rows(
        spark,
        fitted,
        "rpt_churn_backtest",
        "risk, customer_count, churned_customer_count, lift, precision, recall",
        "method = 'p_alive'",
    ) == [("High", 1, 1, 2.0, 1.0, 1.0), ("Medium", 1, 0, 0.0, None, None)]


def test_the_calibration_compares_the_hold_out_with_what_was_expected(
    spark: SparkSession, fitted: Settings
) -> None:
    """Of ann 1.5 days of 2 (30 + 50) / (2 + 3 - 1) were expected, one of 70 came."""
    found = rows(
        spark,
        fitted,
        "rpt_lifetime_value_calibration",
        "target, decile, customer_count, predicted_mean, actual_mean, mean_error, "
        "mean_absolute_error, rank_correlation, normalised_gini, is_value_independent",
        f"model = '{MBG}'",
    )
    assert found == [
        ("purchases", 0, 2, 1.0, 0.5, 0.5, 0.5, pytest.approx(1), 1.0, None),
        ("purchases", 3, 1, 0.5, 0.0, 0.5, 0.5, None, None, None),
        ("purchases", 8, 1, 1.5, 1.0, 0.5, 0.5, None, None, None),
        ("revenue", 0, 2, 37.5, 35.0, 2.5, 12.5, pytest.approx(1), 1.0, False),
        ("revenue", 3, 1, 15.0, 0.0, 15.0, 15.0, None, None, False),
        ("revenue", 8, 1, 60.0, 70.0, -10.0, 10.0, None, None, False),
    ]
    assert rows(
        spark,
        fitted,
        "rpt_lifetime_value_calibration",
        "target, decile, is_used, no_calibration_reason",
        f"model = '{BG}'",
    ) == [("purchases", 0, False, "too few"), ("revenue", 0, False, "too few")]


def test_the_variable_chooses_the_model_and_a_wrong_name_is_refused(
    spark: SparkSession, fitted: Settings
) -> None:
    chosen = ("--select", "fct_value_fits", "fct_customer_lifetime_value", *MODELS)
    build(fitted, *chosen, "--vars", f"{{lifetime_value_model: {BG}}}")
    assert rows(
        spark,
        fitted,
        "fct_customer_lifetime_value",
        "customer_id, model, p_alive, no_value_reason",
    ) == [(who, BG, None, "too few") for who in ("ann", "bob", "cleo")]
    lines: list[str] = []
    arguments = [*chosen, "--vars", "{lifetime_value_model: Pareto}"]
    assert dbt.run(fitted, ["build"], arguments, lines.append) != 0
    assert any("it must be BG/NBD or MBG/NBD" in line for line in lines)
