"""What the marts make of a fit of customer value, on numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
import worlds
from worlds import Compiled, World

from python_jobs import dbt

TODAY, CUT = date(2024, 7, 1), date(2024, 4, 2)
STALE, FUTURE = date(2024, 5, 1), date(2024, 9, 1)
BG, MBG, MONEY = "BG/NBD", "MBG/NBD", "Gamma-Gamma"
NO_FIT_AT_CUT = "no fit at the cut yet: run `behavior value`"
NOT_OF_TODAY = "no expectations for this as-of date: run `behavior value`"
UNSEEN = "no expectations for this history: run `behavior value`"


def write_run(world: World, run_id: str, as_of: date, cut: date) -> None:
    """Publish a run."""
    world.publish(
        "value_runs",
        "run_id, fitted_at, as_of_date, cut_date, seed, draw_count",
        f"'{run_id}', timestamp'2024-07-01', date'{as_of}', date'{cut}', 42, 2",
    )


def write_fit(
    world: World,
    run_id: str,
    fit_date: date,
    model: str,
    parameters: dict[str, float] | None,
    correlation: float | None = None,
) -> None:
    """One model's fit, or that it has none."""
    reason = "null" if parameters else "'too few'"
    world.publish(
        "value_fits",
        "run_id, fit_date, model, customer_count, repeater_count, no_fit_reason, "
        "value_correlation",
        f"'{run_id}', date'{fit_date}', '{model}', 3, 1, {reason}, "
        f"{'null' if correlation is None else correlation}",
    )
    if parameters:
        world.publish(
            "value_parameters",
            "run_id, fit_date, model, parameter, estimate",
            *(
                f"'{run_id}', date'{fit_date}', '{model}', '{name}', {estimate}"
                for name, estimate in parameters.items()
            ),
        )


def bought(world: World) -> None:
    """Four customers as of July, and a fit of May.

    ann   buys in January, in March and on the last day of June
    bob   buys in January
    cleo  buys in May
    rex   has nothing but a return
    """
    customers = ", ".join(f"('{name}')" for name in ("ann", "bob", "cleo", "rex"))
    world.deliver("customers", "customer_id", customers)
    world.deliver(
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
    purchases = {"r": 1, "alpha": 100, "a": 1, "b": 1}
    write_fit(world, "1", STALE, MBG, purchases)
    write_fit(world, "1", STALE, MONEY, {"p": 2, "q": 3, "v": 30}, 0.1)
    write_run(world, "1", STALE, date(2024, 2, 1))


@pytest.fixture(scope="module")
def stale(project: Compiled) -> Iterator[World]:
    """The customers with the fit of May."""
    with worlds.world(project) as world:
        bought(world)
        yield world


def test_parameters_of_an_earlier_day_tell_who_is_there_but_not_what_will_come(
    stale: World,
) -> None:
    found = stale.rows(
        "marts.fct_customer_lifetime_value",
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


def test_the_risk_by_p_alive_stands_beside_the_others(stale: World) -> None:
    assert stale.rows(
        "marts.fct_customer_churn",
        "customer_id, p_alive_risk, no_p_alive_reason",
    ) == [
        ("ann", "Low", None),
        ("bob", "High", None),
        ("cleo", "Medium", None),
        ("rex", None, "no purchase day"),
    ]
    assert stale.rows(
        "marts.rpt_churn_risk",
        "risk, customer_count, net_revenue",
        "method = 'p_alive'",
    ) == [
        ("High", 1, Decimal("40.00")),
        ("Low", 1, Decimal("220.00")),
        ("Medium", 1, Decimal("30.00")),
        ("Prospects", 1, Decimal("-5.00")),
    ]


def test_the_back_test_takes_no_fit_but_of_the_cut(stale: World) -> None:
    """That of May has seen a month of the hold-out."""
    assert stale.rows(
        "marts.rpt_churn_backtest",
        "risk, customer_count, churned_customer_count",
        "method = 'p_alive'",
    ) == [("Unknown", 2, 1)]
    assert stale.rows(
        "marts.rpt_lifetime_value_calibration",
        "model, target, decile, customer_count, no_calibration_reason",
    ) == [
        (model, target, 0, 0, NO_FIT_AT_CUT)
        for model in (BG, MBG)
        for target in ("purchases", "revenue")
    ]


def fit_of_today(world: World) -> None:
    """A fit of today and of the cut as well.

    With it one of the future, and one that was never published: neither counts.
    """
    absurd = {"r": 9, "alpha": 9, "a": 9, "b": 9}
    write_fit(world, "2", TODAY, MBG, {"r": 1, "alpha": 100, "a": 1, "b": 1})
    write_fit(world, "2", CUT, MBG, {"r": 1, "alpha": 50, "a": 1, "b": 1})
    for fit_date, correlation in ((TODAY, -0.3), (CUT, 0.31)):
        write_fit(world, "2", fit_date, BG, None)
        write_fit(world, "2", fit_date, MONEY, {"p": 2, "q": 3, "v": 30}, correlation)
    for fit_date in (FUTURE, TODAY, CUT):
        write_fit(world, "3", fit_date, MBG, absurd)
        write_fit(world, "4", fit_date, MBG, absurd)
    world.publish(
        "value_parameter_draws",
        "run_id, fit_date, model, parameter, draw, estimate",
        *(
            f"'2', date'{TODAY}', '{MONEY}', '{name}', {draw}, {estimate}"
            for draw, v in ((1, 30), (2, 60))
            for name, estimate in (("p", 2), ("q", 3), ("v", v))
        ),
    )
    history = "run_id, fit_date, model, repeat_count, last_purchase_age, customer_age, "
    world.publish(
        "value_expectations",
        f"{history} expected_purchases_30d, expected_purchases_90d, "
        "expected_purchases_365d, expected_purchases_365d_draws",
        f"'2', date'{TODAY}', '{MBG}', 2, 180, 181, 0.5, 1, 4, array(3, 5)",
        f"'2', date'{TODAY}', '{MBG}', 0, 0, 181, 0.1, 0.2, 0.5, array(0.5, 1)",
        # Nobody has this history, and nobody believes an unpublished run.
        f"'2', date'{TODAY}', '{MBG}', 0, 0, 60, 9, 9, 9, array(9, 9)",
        f"'4', date'{TODAY}', '{MBG}', 0, 0, 61, 9, 9, 9, array(9, 9)",
    )
    world.publish(
        "value_expectations",
        f"{history} expected_purchases_holdout",
        f"'2', date'{CUT}', '{MBG}', 1, 60, 91, 1.5",
        f"'2', date'{CUT}', '{MBG}', 0, 0, 91, 0.5",
        f"'4', date'{CUT}', '{MBG}', 0, 0, 91, 9",
    )
    write_run(world, "3", FUTURE, date(2024, 6, 3))
    write_run(world, "2", TODAY, CUT)


@pytest.fixture(scope="module")
def fitted(project: Compiled) -> Iterator[World]:
    """The customers with both fits."""
    with worlds.world(project) as world:
        bought(world)
        fit_of_today(world)
        yield world


def test_a_value_is_purchases_times_basket_and_its_bounds_are_those_of_the_draws(
    fitted: World,
) -> None:
    """Ann's basket is 2 (30 + 120) / (4 + 3 - 1); by the second draw 60.

    So her draws are 3 x 50 and 5 x 60, and bob's 0.5 x 30 and 1 x 60. Of two numbers
    the 5th percentile lies a twentieth of the way from the lower to the higher.
    """
    found = fitted.rows(
        "marts.fct_customer_lifetime_value",
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
    fitted: World,
) -> None:
    """On the cut ann is at .549 and bob at .262: he did not come back."""
    assert fitted.rows(
        "marts.rpt_churn_backtest",
        "risk, customer_count, churned_customer_count, lift, precision, recall",
        "method = 'p_alive'",
    ) == [("High", 1, 1, 2.0, 1.0, 1.0), ("Medium", 1, 0, 0.0, None, None)]


def test_the_calibration_compares_the_hold_out_with_what_was_expected(
    fitted: World,
) -> None:
    """Of ann 1.5 days of 2 (30 + 50) / (2 + 3 - 1) were expected, one of 70 came."""
    found = fitted.rows(
        "marts.rpt_lifetime_value_calibration",
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
    assert fitted.rows(
        "marts.rpt_lifetime_value_calibration",
        "target, decile, is_used, no_calibration_reason",
        f"model = '{BG}'",
    ) == [("purchases", 0, False, "too few"), ("revenue", 0, False, "too few")]


def test_the_tests_of_what_is_made_of_a_fit_hold(fitted: World) -> None:
    assert fitted.broken("ml.value_fits") == []


def test_the_variable_chooses_the_model(
    project: Compiled, project_in_march: Compiled
) -> None:
    """There the variable says BG/NBD."""
    chosen = ("marts__fct_value_fits", "marts__fct_customer_lifetime_value")
    with worlds.world(project.with_models_of(project_in_march, *chosen)) as world:
        bought(world)
        fit_of_today(world)
        assert world.rows(
            "marts.fct_customer_lifetime_value",
            "customer_id, model, p_alive, no_value_reason",
        ) == [(who, BG, None, "too few") for who in ("ann", "bob", "cleo")]


def test_a_model_that_there_is_not_is_refused(project: Compiled) -> None:
    lines: list[str] = []
    arguments = ["--select", "fct_value_fits", "--vars", "lifetime_value_model: Pareto"]
    assert dbt.run(project.settings, ["compile"], arguments, lines.append) != 0
    assert any("it must be BG/NBD or MBG/NBD" in line for line in lines)
