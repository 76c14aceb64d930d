"""`behavior value` on a small summary of purchases that is stored by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pipeline import apart
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from scipy.special import betaln, gammaln, hyp2f1

from python_jobs import contract, locks, value
from python_jobs.errors import NothingToLearnError, UserError
from python_jobs.lifetime import bootstrap
from python_jobs.published import Run
from python_jobs.settings import Settings
from python_jobs.value import FittedRun, Options

COLUMNS = {
    "customer_id": "string",
    "as_of_date": "date",
    "cut_date": "date",
    "fit_date": "date",
    "is_cut": "boolean",
    "repeat_count": "int",
    "last_purchase_age": "int",
    "customer_age": "int",
    "mean_repeat_value": "decimal(18,2)",
}
AS_OF = date(2026, 1, 1)
CUT = date(2025, 9, 23)  # 100 days before.
QUICK = Options(draws=8)
TABLES = (
    "value_fits",
    "value_parameters",
    "value_parameter_draws",
    "value_expectations",
)
MODELS = ["BG/NBD", "Gamma-Gamma", "MBG/NBD"]
Row = dict[str, Any]


def planted() -> list[Row]:
    """The summary of 3,000 customers who buy and leave as BG/NBD says."""
    random = np.random.default_rng(12)
    rows = []
    for number in range(3000):
        first = day = int(random.integers(0, 500))
        rate, chance = random.gamma(0.7, 1 / 20), random.beta(0.8, 2.5)
        level = random.gamma(4, 1 / 60)
        days, values, now = [first], [0.0], first + 0.5
        while True:
            now += random.exponential(1 / rate)
            if now >= 500:
                break
            if int(now) > day:
                day = int(now)
                days.append(day)
                values.append(max(0.01, random.gamma(6, 1 / level)))
            if random.random() < chance:
                break
        for fit_date, end in ((AS_OF, 500), (CUT, 400)):
            known = [at for at in days if at < end]
            if known:
                x = len(known) - 1
                mean = sum(values[1 : x + 1]) / x if x else None
                rows.append(
                    {
                        "customer_id": f"c{number:04}",
                        "as_of_date": AS_OF,
                        "cut_date": CUT,
                        "fit_date": fit_date,
                        "is_cut": fit_date == CUT,
                        "repeat_count": x,
                        "last_purchase_age": known[-1] - first,
                        "customer_age": end - first,
                        "mean_repeat_value": mean and Decimal(f"{mean:.2f}"),
                    }
                )
    return rows


@pytest.fixture(scope="module")
def customers() -> list[Row]:
    """That summary, made once."""
    return planted()


def store(spark: SparkSession, settings: Settings, rows: list[Row]) -> None:
    """Make these rows the summary of purchases."""
    frame = spark.createDataFrame(
        [tuple(row[name] for name in COLUMNS) for row in rows],
        ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items()),
    )
    spark.sql(f"create schema if not exists {settings.schema('marts')}")
    frame.write.format("delta").mode("overwrite").option(
        "overwriteSchema", "true"
    ).saveAsTable(f"{settings.schema('marts')}.fct_customer_purchase_summary")


def table(
    spark: SparkSession, settings: Settings, name: str, run_id: str
) -> pd.DataFrame:
    """The rows of one run, in the contract's columns."""
    rows = spark.table(f"{settings.schema('ml')}.{name}")
    assert rows.columns == list(contract.columns("ml", name))
    return rows.where(F.col("run_id") == run_id).toPandas()


@pytest.fixture(scope="module")
def fitted(spark: SparkSession, settings: Settings, customers: list[Row]) -> FittedRun:
    """A run on the planted customers."""
    store(spark, settings, customers)
    return value.fit(spark, settings, QUICK)


@pytest.fixture(scope="module")
def read(
    spark: SparkSession, settings: Settings, fitted: FittedRun
) -> Callable[[str], pd.DataFrame]:
    """Reads a table of that run."""
    return lambda name: table(spark, settings, name, fitted.run_id)


@pytest.fixture(scope="module")
def estimates(read: Callable[[str], pd.DataFrame]) -> dict[tuple[date, str], Row]:
    """The stored parameters of each date and model."""
    rows = read("value_parameters")
    return {
        key: dict(zip(group.parameter, group.estimate, strict=True))
        for key, group in rows.groupby(["fit_date", "model"])
    }


def at(customers: list[Row], fit_date: date) -> dict[str, np.ndarray]:
    """The columns of one date."""
    rows = [row for row in customers if row["fit_date"] == fit_date]
    names = {
        "x": "repeat_count",
        "t_x": "last_purchase_age",
        "T": "customer_age",
        "m": "mean_repeat_value",
    }
    return {
        short: np.array([float(row[name] or 0) for row in rows])
        for short, name in names.items()
    }


def test_the_run_tells_what_it_read(read: Callable[[str], pd.DataFrame]) -> None:
    [run] = read("value_runs").to_dict("records")
    assert (run["as_of_date"], run["cut_date"]) == (AS_OF, CUT)
    assert (run["seed"], run["draw_count"]) == (42, 8)


def test_each_model_is_fitted_at_both_dates(
    customers: list[Row], read: Callable[[str], pd.DataFrame]
) -> None:
    fits = read("value_fits").sort_values(["fit_date", "model"])
    keys = list(zip(fits.fit_date, fits.model, strict=True))
    assert keys == [(day, model) for day in (CUT, AS_OF) for model in MODELS]
    assert fits.no_fit_reason.isna().all() and fits.is_converged.all()
    assert (fits.failed_draw_count == 0).all() and (fits.start_count > 1).all()
    for row in fits.itertuples():
        people = at(customers, row.fit_date)
        repeaters = people["x"] > 0
        assert row.customer_count == len(repeaters)
        assert row.repeater_count == repeaters.sum()
        if row.model == "Gamma-Gamma":
            correlation = np.corrcoef(people["x"][repeaters], people["m"][repeaters])
            assert row.value_correlation == pytest.approx(correlation[0, 1], abs=1e-9)
        else:
            assert np.isnan(row.value_correlation)


def likelihood(model: str, people: dict[str, np.ndarray], parameters: Row) -> float:
    """The log-likelihood by the published formulas, customer by customer."""
    x, t_x, T = people["x"], people["t_x"], people["T"]
    if model == "Gamma-Gamma":
        p, q, v = (parameters[name] for name in "pqv")
        x, m = x[x > 0], people["m"][x > 0]
        logs = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        logs += (p * x - 1) * np.log(m) + p * x * np.log(x)
        return float((logs - (p * x + q) * np.log(x * m + v)).sum())
    r, alpha, a, b = (parameters[name] for name in ("r", "alpha", "a", "b"))
    k = x + (model == "MBG/NBD")
    buying = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = np.exp(
        buying + betaln(a, b + k) - betaln(a, b) - (r + x) * np.log(alpha + T)
    )
    gone = np.exp(
        buying
        + betaln(a + 1, b + np.maximum(k, 1) - 1)
        - betaln(a, b)
        - (r + x) * np.log(alpha + t_x)
    )
    return float(np.log(alive + np.where(k > 0, gone, 0)).sum())


def test_parameters_are_the_likeliest(
    customers: list[Row],
    read: Callable[[str], pd.DataFrame],
    estimates: dict[tuple[date, str], Row],
) -> None:
    assert len(estimates) == 6
    for row in read("value_fits").itertuples():
        people = at(customers, row.fit_date)
        best = estimates[row.fit_date, row.model]
        # Mean values are rounded for the fit, to four digits.
        near = 0.05 if row.model == "Gamma-Gamma" else 1e-6
        found = likelihood(row.model, people, best)
        assert row.log_likelihood == pytest.approx(found, abs=near)
        for name, number in best.items():
            for factor in (0.98, 1.02):
                moved = {**best, name: number * factor}
                assert likelihood(row.model, people, moved) < found


def test_draws_have_no_gaps_and_make_the_intervals(
    read: Callable[[str], pd.DataFrame],
) -> None:
    draws, parameters = read("value_parameter_draws"), read("value_parameters")
    key = ["fit_date", "model", "parameter"]
    assert len(parameters) == 22 and len(draws) == 22 * 8
    for names, group in draws.groupby(key):
        assert sorted(group.draw) == list(range(1, 9))
        assert group.estimate.nunique() == 8
        [row] = parameters[(parameters[key] == names).all(axis=1)].itertuples()
        lower, upper = np.percentile(group.estimate, [5, 95])
        assert (row.lower_bound, row.upper_bound) == pytest.approx((lower, upper))
        assert 0.5 * row.estimate < lower < upper < 2 * row.estimate


def purchases(model: str, parameters: Row, rows: pd.DataFrame, t: float) -> np.ndarray:
    """Expected purchases by the published formula; for MBG/NBD its counterpart."""
    r, alpha, a, b = (parameters[name] for name in ("r", "alpha", "a", "b"))
    x, t_x, T = (
        rows[name].to_numpy(float)
        for name in ("repeat_count", "last_purchase_age", "customer_age")
    )
    k = x + (model == "MBG/NBD")
    rest = ((alpha + T) / (alpha + T + t)) ** (r + x)
    rest *= hyp2f1(r + x, b + k, a + b + k - 1, t / (alpha + T + t))
    odds = a / (b + np.maximum(k, 1) - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x)
    return (a + b + k - 1) / (a - 1) * (1 - rest) / (1 + np.where(k > 0, odds, 0))


def test_each_history_has_its_expectation(
    customers: list[Row],
    read: Callable[[str], pd.DataFrame],
    estimates: dict[tuple[date, str], Row],
) -> None:
    rows = read("value_expectations")
    draws = read("value_parameter_draws")
    groups = dict(iter(rows.groupby(["fit_date", "model"])))
    assert set(groups) == {
        (day, model) for day in (AS_OF, CUT) for model in ("BG/NBD", "MBG/NBD")
    }
    for (fit_date, model), group in groups.items():
        there = Counter(
            zip(
                group.repeat_count,
                group.last_purchase_age,
                group.customer_age,
                strict=True,
            )
        )
        people = at(customers, fit_date)
        expected = set(zip(people["x"], people["t_x"], people["T"], strict=True))
        assert there == Counter(expected)
        best = estimates[fit_date, model]
        future = [f"expected_purchases_{days}d" for days in (30, 90, 365)]
        if fit_date == CUT:
            assert group[[*future, "expected_purchases_365d_draws"]].isna().all(None)
            np.testing.assert_allclose(
                group.expected_purchases_holdout,
                purchases(model, best, group, 100.0),
                rtol=1e-8,
            )
            continue
        assert group.expected_purchases_holdout.isna().all()
        for days, name in zip((30, 90, 365), future, strict=True):
            np.testing.assert_allclose(
                group[name], purchases(model, best, group, days), rtol=1e-8
            )
        drawn = np.stack(group.expected_purchases_365d_draws)
        assert drawn.shape == (len(group), 8)
        of_model = draws[(draws.fit_date == AS_OF) & (draws.model == model)]
        for draw, one in of_model.groupby("draw"):
            parameters = dict(zip(one.parameter, one.estimate, strict=True))
            np.testing.assert_allclose(
                drawn[:, draw - 1],
                purchases(model, parameters, group, 365.0),
                rtol=1e-5,
            )


def test_the_run_is_told_in_lines(
    fitted: FittedRun, estimates: dict[tuple[date, str], Row]
) -> None:
    lines = fitted.lines
    assert len(lines) == 10
    assert lines[0].startswith("before 2026-01-01: 3,000 customers, ")
    assert lines[5].startswith("hold-out, before 2025-09-23: ")
    r = estimates[AS_OF, "BG/NBD"]["r"]
    assert lines[1].startswith(f"  BG/NBD: r {r:.4g} (")
    assert " days (" in lines[1] and "log-likelihood -" in lines[1]
    assert lines[3].startswith("  Gamma-Gamma: p ")
    assert "correlate at" in lines[4]


def test_money_that_depends_on_the_number_of_purchases_is_a_warning(
    fitted: FittedRun,
) -> None:
    """Beyond 0.3, plus or minus, and where there are amounts of money at all."""

    def warned(correlation: float | None) -> list[str]:
        now, cut = fitted.populations
        now = replace(now, correlation=correlation)
        return replace(fitted, populations=[now, cut]).warnings

    assert fitted.warnings == warned(0.3) == warned(-0.3) == warned(None) == []
    [warning] = warned(-0.31)
    assert "2026-01-01 (correlation -0.31)" in warning
    assert "2026-01-01 (correlation 0.31)" in warned(0.31)[0]
    no_money = [one for one in fitted.fits if one.model != "Gamma-Gamma"]
    now = replace(fitted.populations[0], correlation=0.9)
    assert replace(fitted, populations=[now], fits=no_money).warnings == []


def test_a_run_that_dies_publishes_nothing_and_the_next_is_the_same_as_the_first(
    spark: SparkSession,
    settings: Settings,
    customers: list[Row],
    fitted: FittedRun,
    read: Callable[[str], pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    append = Run.append

    def dying(self: Run, name: str, rows: list[Row]) -> None:
        if name == "value_runs":
            raise ConnectionError("killed")
        append(self, name, rows)

    runs = spark.table(f"{settings.schema('ml')}.value_runs")
    before = sorted(runs.collect())
    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(Run, "append", dying)
        value.fit(spark, settings, QUICK)
    assert sorted(runs.collect()) == before

    # A different number of shuffle partitions, and rows in another order.
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    try:
        store(spark, settings, customers[::-1])
        again = value.fit(spark, settings, QUICK)
    finally:
        spark.conf.unset("spark.sql.shuffle.partitions")
    assert again.run_id > fitted.run_id
    assert again.lines == fitted.lines
    for name in TABLES:
        first = read(name).drop(columns="run_id").astype(str)
        second = table(spark, settings, name, again.run_id).drop(columns="run_id")
        assert sorted(first.itertuples(index=False)) == sorted(
            second.astype(str).itertuples(index=False)
        )


def test_a_second_fit_at_once_is_refused(
    spark: SparkSession, settings: Settings
) -> None:
    with (
        locks.exclusive(settings.lock_file("value"), "fitting value"),
        pytest.raises(
            UserError, match=r"^process \d+ is fitting value: wait until it ends$"
        ),
    ):
        value.fit(spark, settings)


def test_without_a_summary_the_user_is_told_to_build(
    spark: SparkSession, settings: Settings
) -> None:
    elsewhere = apart(settings, "other")
    with pytest.raises(UserError, match=r"^there is no .*: run `behavior build` first"):
        value.fit(spark, elsewhere)
    store(spark, elsewhere, [])
    with pytest.raises(NothingToLearnError, match="no customers: nobody has bought"):
        value.fit(spark, elsewhere)
    name = f"{elsewhere.schema('marts')}.fct_customer_purchase_summary"
    spark.sql(
        f"create or replace table {name} using delta as "
        "select date'2026-01-01' as fit_date, 1 as repeat_count, 2 as customer_age"
    )
    missing = "has no is_cut, last_purchase_age, mean_repeat_value, cut_date: run"
    with pytest.raises(UserError, match=missing):
        value.fit(spark, elsewhere)
    assert not spark.catalog.tableExists(f"{elsewhere.schema('ml')}.value_runs")


def test_too_few_repeaters_have_reasons_and_no_numbers(
    spark: SparkSession, settings: Settings, customers: list[Row]
) -> None:
    """Enough of them at the as-of date, 37 of them at the cut."""
    late = [row for row in customers if row["fit_date"] == AS_OF]
    early = [row for row in customers if row["fit_date"] == CUT]
    few = [row for row in early if row["repeat_count"]][:37]
    none = [row for row in early if not row["repeat_count"]][:90]
    store(spark, settings, late + few + none)
    run = value.fit(spark, settings, replace(QUICK, draws=2))
    fits = table(spark, settings, "value_fits", run.run_id)
    at_cut = fits[fits.fit_date == CUT]
    assert sorted(at_cut.model) == MODELS
    reason = "37 repeat buyers: fewer than the 100 that a fit needs"
    assert set(at_cut.no_fit_reason) == {reason}
    assert set(at_cut.customer_count) == {127} and set(at_cut.repeater_count) == {37}
    nothing = ["is_converged", "log_likelihood", "start_count", "failed_draw_count"]
    assert at_cut[nothing].isna().all(None)
    assert fits[fits.fit_date == AS_OF].no_fit_reason.isna().all()
    for name in TABLES[1:]:
        rows = table(spark, settings, name, run.run_id)
        assert set(rows.fit_date) == {AS_OF}
    assert f"  BG/NBD: no fit, {reason}" in run.lines


def test_two_repeaters_correlate_at_one_and_not_beyond(
    spark: SparkSession, settings: Settings, customers: list[Row]
) -> None:
    """Two points lie on a line; rounding alone would make it 1.0000000000000002."""
    [one, *_] = [row for row in customers if row["fit_date"] == AS_OF]
    two = [
        {**one, "customer_id": str(x), "repeat_count": x, "mean_repeat_value": m}
        for x, m in ((6, Decimal("70.15")), (2, Decimal("5.75")))
    ]
    store(spark, settings, two)
    run = value.fit(spark, settings, QUICK)
    assert run.populations[0].correlation == 1.0


def test_hopeless_customers_are_published_with_the_reason(
    spark: SparkSession, settings: Settings, customers: list[Row]
) -> None:
    """Nobody at the cut, and at the as-of date all alike."""
    [one, *_] = [row for row in customers if row["repeat_count"] == 2]
    alike = {**one, "fit_date": AS_OF, "is_cut": False}
    rows = [{**alike, "customer_id": str(number)} for number in range(150)]
    store(spark, settings, rows)
    run = value.fit(spark, settings, QUICK)
    [published] = table(spark, settings, "value_runs", run.run_id).to_dict("records")
    assert published["cut_date"] == CUT
    fits = table(spark, settings, "value_fits", run.run_id)
    fits = fits.sort_values(["fit_date", "model"])
    assert fits.no_fit_reason.tolist() == [
        *["no customer had bought before this date"] * 3,
        "all customers have the same history: nothing tells them apart",
        "all customers have the same mean value: nothing tells them apart",
        "all customers have the same history: nothing tells them apart",
    ]
    assert fits.customer_count.tolist() == [0] * 3 + [150] * 3
    assert fits.value_correlation.isna().all()
    for name in TABLES[1:]:
        assert table(spark, settings, name, run.run_id).empty


def test_draws_are_as_many_as_the_model_with_the_fewest_has(
    spark: SparkSession,
    settings: Settings,
    customers: list[Row],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two of BG/NBD's eight samples fail, and all but three of Gamma-Gamma's."""
    store(spark, settings, [row for row in customers if row["fit_date"] == AS_OF])
    refit = bootstrap.refit
    calls: Counter[str] = Counter()

    def failing(likelihood: Any, near: Any) -> Any:
        calls[likelihood.name] += 1
        last = {"BG/NBD": 6, "Gamma-Gamma": 3}.get(likelihood.name, 8)
        return refit(likelihood, near) if calls[likelihood.name] <= last else None

    monkeypatch.setattr(bootstrap, "refit", failing)
    run = value.fit(spark, settings, QUICK)
    fits = table(spark, settings, "value_fits", run.run_id)
    now = fits[fits.fit_date == AS_OF].set_index("model")
    assert now.failed_draw_count.to_dict() == {
        "BG/NBD": 2,
        "MBG/NBD": 0,
        "Gamma-Gamma": 5,
    }
    assert now.no_fit_reason["Gamma-Gamma"] == (
        "only 3 of 8 bootstrap samples could be fitted: the estimates are not to be "
        "relied on"
    )
    draws = table(spark, settings, "value_parameter_draws", run.run_id)
    assert draws.groupby("model").draw.max().to_dict() == {"BG/NBD": 6, "MBG/NBD": 6}
    rows = table(spark, settings, "value_expectations", run.run_id)
    assert set(rows.expected_purchases_365d_draws.map(len)) == {6}
    assert set(table(spark, settings, "value_parameters", run.run_id).model) == {
        "BG/NBD",
        "MBG/NBD",
    }
