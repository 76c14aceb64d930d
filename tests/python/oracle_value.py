"""The independent calculation, continued: customer value.

What a fit of the models left behind is taken as it is, parameters and expectations; all
that the marts make of it is calculated anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from oracle import CUSTOMER, History, cents, day, per, purchase_days
from polars import col, lit, when
from scipy.stats import spearmanr

PROJECT = yaml.safe_load((Path(__file__).parents[2] / "dbt_project.yml").read_text())
USED: str = PROJECT["vars"]["lifetime_value_model"]
HOLDOUT = timedelta(days=90)
MAX_CORRELATION = 0.3
MODELS = ("BG/NBD", "MBG/NBD")
TRIPLE = ("repeat_count", "last_purchase_age", "customer_age")

x, t_x, T = map(col, TRIPLE)


@dataclass(frozen=True)
class Fit:
    """The fit that counts on a day.

    Attributes:
        run: Its run, None where no fit counts.
        missing: Why there is none.
        parameters: Those of each model, empty where it has none.
        reasons: Why a model has none.
        correlation: Of repeat purchases and their mean value.
        expectations: What it expected.
        draws: The parameters of its bootstrap samples.
    """

    run: dict[str, Any] | None
    missing: str
    parameters: dict[str, dict[str, float]]
    reasons: dict[str, str]
    correlation: float | None = None
    expectations: pl.DataFrame | None = None
    draws: pl.DataFrame | None = None

    def why_not(self, model: str) -> str | None:
        """Why the model has no parameters, None where it has."""
        if self.parameters.get(model):
            return None
        return self.reasons.get(model) or self.missing


def fit(history: History, cut: date | None = None) -> Fit:
    """The latest fit that is not of a later day; of the cut, one of that very day."""
    missing = f"no fit {'at the cut ' if cut else ''}yet: run `behavior value`"
    runs = history.ml.get("value_runs")
    if runs is None:
        return Fit(None, missing, {}, {})
    as_of = col("as_of_date")
    if cut:
        at_cut = runs.filter((as_of == cut) | (col("cut_date") == cut))
        found = at_cut.sort(as_of == history.as_of, "run_id")
    else:
        found = runs.filter(as_of <= history.as_of).sort("as_of_date", "run_id")
    if found.is_empty():
        return Fit(None, missing, {}, {})
    run = found.row(-1, named=True)
    fit_date = cut or run["as_of_date"]
    tables = ("fits", "parameters", "expectations", "parameter_draws")
    fits, parameters, expectations, draws = (
        history.ml[f"value_{table}"].filter(
            col("run_id") == run["run_id"], col("fit_date") == fit_date
        )
        for table in tables
    )
    return Fit(
        run | {"fit_date": fit_date},
        missing,
        {
            model: dict(parameters.filter(model=model)["parameter", "estimate"].rows())
            for model in (*MODELS, "Gamma-Gamma")
        },
        dict(fits["model", "no_fit_reason"].rows()),
        fits.filter(model="Gamma-Gamma")["value_correlation"].item(),
        expectations,
        draws,
    )


def histories(history: History) -> pl.DataFrame:
    """x, t_x, T and m (in cents) of each customer with a purchase day."""
    money = history.lines.group_by(CUSTOMER, "day").agg(cents.sum())
    days = purchase_days(history.lines).join(money, on=(CUSTOMER, "day")).sort("day")
    return days.group_by(CUSTOMER, maintain_order=True).agg(
        repeat_count=pl.len().cast(pl.Int64) - 1,
        last_purchase_age=(day.last() - day.first()).dt.total_days(),
        customer_age=(history.as_of - day.first()).dt.total_days(),
        mean_repeat_value=per(cents.sum() - cents.first(), pl.len().cast(pl.Int64) - 1),
    )


def purchase_summary(history: History) -> pl.DataFrame:
    """fct_customer_purchase_summary."""
    cut = history.as_of - HOLDOUT
    return pl.concat(
        histories(history.until(fit_date)).with_columns(
            as_of_date=lit(history.as_of),
            cut_date=lit(cut),
            fit_date=lit(fit_date),
            is_cut=lit(fit_date == cut),
        )
        for fit_date in (history.as_of, cut)
    )


def p_alive(rows: pl.DataFrame, fit: Fit, model: str = USED) -> pl.DataFrame:
    """The probability that each customer still is one."""
    known = fit.parameters.get(model)
    if not known:
        return rows.with_columns(p_alive=lit(None, pl.Float64))
    r, alpha, a, b = (known[name] for name in ("r", "alpha", "a", "b"))
    growth = ((alpha + T) / (alpha + t_x)).pow(r + x)
    if model == "BG/NBD":
        repeaters = 1 / (1 + a / (b + x - 1) * growth)
        return rows.with_columns(p_alive=when(x == 0).then(1.0).otherwise(repeaters))
    return rows.with_columns(p_alive=1 / (1 + a / (b + x) * growth))


def expected_basket(rows: pl.DataFrame, fit: Fit) -> pl.DataFrame:
    """What a purchase day of each customer should bring."""
    known = fit.parameters.get("Gamma-Gamma")
    if not known:
        return rows.with_columns(expected_basket=lit(None, pl.Float64))
    p, q, v = (known[name] for name in "pqv")
    spent = x * col("mean_repeat_value").fill_null(0) / 100
    return rows.with_columns(expected_basket=p * (v + spent) / (p * x + q - 1))


def lifetime_value(history: History) -> pl.DataFrame:
    """fct_customer_lifetime_value."""
    today = fit(history)
    run = today.run or {"run_id": None, "fit_date": None}
    rows = expected_basket(p_alive(histories(history), today), today)
    reason = today.why_not(USED)
    if not reason and run["fit_date"] != history.as_of:
        reason = "no expectations for this as-of date: run `behavior value`"
    horizons = [f"expected_purchases_{days}d" for days in (30, 90, 365)]
    values = ("expected_value_365d", "expected_value_lower", "expected_value_upper")
    if reason:
        rows = rows.with_columns(
            lit(None, pl.Float64).alias(name) for name in (*horizons, *values)
        )
    else:
        expected = today.expectations.filter(model=USED)
        expected = expected.select(*TRIPLE, *horizons, f"{horizons[-1]}_draws")
        rows = with_bounds(rows.join(expected, on=TRIPLE, how="left"), today)
        value = col(horizons[-1]) * col("expected_basket")
        rows = rows.with_columns(expected_value_365d=value)
    no_purchases = lit("no expectations for this history: run `behavior value`")
    unknown = when(col(horizons[-1]).is_null()).then(no_purchases)
    why_not = (
        lit(reason) if reason else unknown.otherwise(lit(today.why_not("Gamma-Gamma")))
    )
    money = col("expected_basket", *values)
    return rows.with_columns(
        (money * 100).round().cast(pl.Int64),
        as_of_date=lit(history.as_of),
        fit_date=lit(run["fit_date"], pl.Date),
        run_id=lit(run["run_id"], pl.String),
        model=lit(USED),
        is_value_independent=independent(today.correlation),
        no_value_reason=when(col(values[0]).is_null()).then(why_not),
    )


def with_bounds(rows: pl.DataFrame, fit: Fit) -> pl.DataFrame:
    """The rows, with the 5th and 95th percentile of the value over the draws."""
    money = fit.draws.filter(model="Gamma-Gamma").sort("draw")
    p, q, v = (
        money.filter(parameter=name)["estimate"].to_numpy()[None, :] for name in "pqv"
    )
    repeats = rows["repeat_count"].to_numpy()[:, None]
    means = rows["mean_repeat_value"].fill_null(0).to_numpy()[:, None] / 100
    baskets = p * (v + repeats * means) / (p * repeats + q - 1)
    nothing_known = [np.nan] * baskets.shape[1]
    purchases = np.array(
        [
            nothing_known if drawn is None else drawn
            for drawn in rows["expected_purchases_365d_draws"].to_list()
        ]
    )
    lower, upper = np.percentile(purchases * baskets, [5, 95], axis=1)
    return rows.drop("expected_purchases_365d_draws").with_columns(
        expected_value_lower=pl.Series(lower).fill_nan(None),
        expected_value_upper=pl.Series(upper).fill_nan(None),
    )


def independent(correlation: float | None) -> pl.Expr:
    """Whether the correlation is small enough for Gamma-Gamma; NULL where unknown."""
    known = None if correlation is None else abs(correlation) <= MAX_CORRELATION
    return lit(known, pl.Boolean)


# The hold-out


def three_digits(value: pl.Expr) -> pl.Expr:
    """The first three digits of a number."""
    factor = lit(10.0).pow(2 - value.abs().log10().floor())
    cut_off = (value.abs() * factor).floor() / factor * value.sign()
    return when(value == 0).then(0.0).otherwise(cut_off)


def gini(actual: pl.Series, order: pl.Series) -> float:
    """One less twice the area below the curve of what the first customers bring."""
    groups = (
        pl.DataFrame({"order": order, "actual": actual})
        .group_by("order")
        .agg(count=pl.len(), actual=col("actual").sum())
        .sort("order")
    )
    people, brought = (
        np.concatenate([[0], np.cumsum(groups[name]) / groups[name].sum()])
        for name in ("count", "actual")
    )
    return 1 - float(np.sum(np.diff(people) * (brought[1:] + brought[:-1])))


def calibration(history: History) -> pl.DataFrame:
    """rpt_lifetime_value_calibration."""
    cut = history.as_of - HOLDOUT
    at_cut = fit(history, cut)
    coming = history.lines.filter(day >= cut)
    bought = purchase_days(coming).group_by(CUSTOMER).agg(purchases=pl.len())
    money = coming.group_by(CUSTOMER).agg(revenue=cents.sum() / 100)
    rows = (
        expected_basket(histories(history.until(cut)), at_cut)
        .join(bought, on=CUSTOMER, how="left")
        .join(money, on=CUSTOMER, how="left")
        .with_columns(col("purchases", "revenue").fill_null(0).cast(pl.Float64))
    )
    run = at_cut.run or {"run_id": None, "fit_date": None, "as_of_date": None}
    reports = []
    for model in MODELS:
        reason = at_cut.why_not(model)
        if not reason and run["as_of_date"] != history.as_of:
            reason = "no expectations for this hold-out: run `behavior value`"
        for target in ("purchases", "revenue"):
            why_not = reason
            if target == "revenue":
                why_not = reason or at_cut.why_not("Gamma-Gamma")
            report = nothing(why_not) if why_not else None
            if report is None:
                expected = at_cut.expectations.filter(model=model)
                purchases = col("expected_purchases_holdout")
                basket = 1 if target == "purchases" else col("expected_basket")
                report = compared(
                    rows.join(expected, on=TRIPLE).select(
                        predicted=purchases * basket, actual=target
                    )
                )
            correlation = at_cut.correlation if target == "revenue" else None
            reports.append(
                report.with_columns(
                    model=lit(model),
                    target=lit(target),
                    is_used=lit(model == USED),
                    as_of_date=lit(history.as_of),
                    run_id=lit(run["run_id"], pl.String),
                    fit_date=lit(run["fit_date"], pl.Date),
                    value_correlation=lit(correlation, pl.Float64),
                    is_value_independent=independent(correlation),
                )
            )
    return pl.concat(reports, how="diagonal")


def nothing(reason: str) -> pl.DataFrame:
    """The row that says why there is nothing to compare."""
    measures: Sequence[str] = (
        *("predicted_mean", "actual_mean", "mean_error", "mean_absolute_error"),
        *("rank_correlation", "normalised_gini"),
    )
    return pl.DataFrame(
        {
            "decile": 0,
            "label": "all customers",
            "customer_count": 0,
            **dict.fromkeys(measures),
            "no_calibration_reason": reason,
        },
        schema_overrides=dict.fromkeys(measures, pl.Float64),
    )


def compared(pairs: pl.DataFrame) -> pl.DataFrame:
    """Predicted and actual of all customers, and of each decile of the prediction."""
    order, outcome = three_digits(col("predicted")), three_digits(col("actual"))
    buckets = pairs.select(predicted=order, actual=outcome)
    twice_the_rank = (2 * order.rank("average")).cast(pl.Int64)
    tenths = pairs.with_columns(
        decile=(10 * (twice_the_rank - 1) // (2 * pl.len().cast(pl.Int64)) + 1)
    )
    everybody = pairs.with_columns(decile=lit(0, pl.Int64))
    error = col("predicted") - col("actual")
    is_all = col("decile") == 0
    correlation = float(spearmanr(*buckets.get_columns()).statistic)
    sorted_as_well = gini(pairs["actual"], buckets["predicted"]) / gini(
        pairs["actual"], buckets["actual"]
    )
    return (
        pl.concat([everybody, tenths])
        .group_by("decile")
        .agg(
            customer_count=pl.len(),
            predicted_mean=col("predicted").mean(),
            actual_mean=col("actual").mean(),
            mean_error=error.mean(),
            mean_absolute_error=error.abs().mean(),
        )
        .with_columns(
            label=when(is_all)
            .then(lit("all customers"))
            .otherwise(pl.format("decile {}", "decile")),
            rank_correlation=when(is_all).then(correlation),
            normalised_gini=when(is_all).then(sorted_as_well),
            no_calibration_reason=lit(None, pl.String),
        )
    )
