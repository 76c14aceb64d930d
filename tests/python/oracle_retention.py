"""The independent calculation, continued: churn and cohorts."""

from __future__ import annotations

from datetime import timedelta

import oracle_value
import polars as pl
from oracle import (
    CUSTOMER,
    DAY,
    History,
    cents,
    day,
    per,
    purchase_days,
    ratio,
    rfm,
    share,
)
from oracle_value import HOLDOUT, Fit
from polars import col, lit, when

STAKE = timedelta(days=365)

began, number = col("began"), col("month_number")


# Churn


def churn(history: History, fit: Fit) -> pl.DataFrame:
    """The three risks of each customer, Prospects for those who never bought."""
    days = purchase_days(history.lines).sort(CUSTOMER, "day")
    gap = day.diff().over(CUSTOMER).dt.total_days()
    gaps = days.select(CUSTOMER, gap=gap).drop_nulls()
    own = gaps.group_by(CUSTOMER).agg(own=col("gap").median(), gaps=pl.len())
    last_year = history.lines.filter(day >= history.as_of - STAKE)
    stakes = last_year.group_by(CUSTOMER).agg(revenue_at_stake=cents.sum().clip(0))
    has_own = col("gaps").fill_null(0) >= 3
    cadence = when(has_own).then("own").otherwise(gaps["gap"].median())
    alive = oracle_value.p_alive(oracle_value.histories(history), fit)
    return (
        rfm(history)
        .join(own, on=CUSTOMER, how="left")
        .join(stakes, on=CUSTOMER, how="left")
        .join(alive.select(CUSTOMER, "p_alive"), on=CUSTOMER, how="left")
        .select(
            *(CUSTOMER, "recency_days", "monetary"),
            col("revenue_at_stake").fill_null(0),
            window=risk(col("recency_days"), 90, 60),
            cadence=risk(col("recency_days") / cadence, 3, 2),
            # The lower the probability, the higher the risk.
            p_alive=risk(-col("p_alive"), -0.3, -0.6),
        )
        .unpivot(
            ("window", "cadence", "p_alive"),
            index=[CUSTOMER, "recency_days", "monetary", "revenue_at_stake"],
            variable_name="method",
            value_name="risk",
        )
    )


def risk(measure: pl.Expr, high: float, medium: float) -> pl.Expr:
    """The band of risk by a measure that grows with it."""
    return (
        when(col("recency_days").is_null())
        .then(lit("Prospects"))
        .when(measure.is_null())
        .then(lit("Unknown"))
        .when(measure > high)
        .then(lit("High"))
        .when(measure > medium)
        .then(lit("Medium"))
        .otherwise(lit("Low"))
    )


def churn_risk(history: History) -> pl.DataFrame:
    """rpt_churn_risk."""
    bands = churn(history, oracle_value.fit(history)).group_by("method", "risk")
    return bands.agg(
        col("revenue_at_stake").sum(),
        customer_count=pl.len(),
        net_revenue=col("monetary").sum(),
        average_recency_days=col("recency_days").mean(),
    ).with_columns(
        share_of_customers=share("customer_count", "method"),
        share_of_revenue=share("net_revenue", "method"),
    )


def churn_backtest(history: History) -> pl.DataFrame:
    """rpt_churn_backtest."""
    cut = history.as_of - HOLDOUT
    stayed = purchase_days(history.lines).filter(day >= cut)[CUSTOMER]
    churned = ~col(CUSTOMER).is_in(stayed.implode())
    risks = churn(history.until(cut), oracle_value.fit(history, cut))
    buyers = risks.filter(col("risk") != "Prospects")
    is_high = col("risk") == "High"
    return (
        buyers.group_by("method", "risk")
        .agg(customer_count=pl.len(), churned_customer_count=churned.sum())
        .with_columns(
            cut_date=lit(cut),
            overall_churn_rate=lit(buyers.select(churned.mean()).item()),
            churn_rate=ratio("churned_customer_count", "customer_count"),
            share_of_churned=share("churned_customer_count", "method"),
        )
        .with_columns(
            lift=ratio("churn_rate", "overall_churn_rate"),
            precision=when(is_high).then("churn_rate"),
            recall=when(is_high).then("share_of_churned"),
        )
    )


# Cohorts


def months_since(begin: pl.Expr, later: pl.Expr) -> pl.Expr:
    """How many calendar months later."""
    return (
        12 * (later.dt.year() - begin.dt.year()) + later.dt.month() - begin.dt.month()
    )


def cohort_members(history: History) -> pl.DataFrame:
    """The month that each customer's cohort of each type is of; NULL where unknown."""
    registered = col("registration_date")
    firsts = purchase_days(history.lines).group_by(CUSTOMER).agg(day.min())
    return (
        history.customers.join(firsts, on=CUSTOMER, how="left")
        .select(
            CUSTOMER,
            registration=when(registered < history.as_of).then(registered),
            first_purchase=day,
        )
        .unpivot(index=CUSTOMER, variable_name="cohort_type", value_name="began")
        .with_columns(began.dt.month_start())
    )


def cohort_retention(history: History) -> pl.DataFrame:
    """rpt_cohort_retention."""
    members, keys = cohort_members(history), ("cohort_type", "began", "month_number")
    month, is_known = months_since(began, day), began.is_not_null()
    days = purchase_days(history.lines).join(members, on=CUSTOMER)
    active = days.group_by("cohort_type", "began", month_number=month).agg(
        active_customer_count=col(CUSTOMER).n_unique()
    )
    lines = history.lines.join(members, on=CUSTOMER)
    money = lines.group_by(
        "cohort_type", "began", month_number=month.clip(0).fill_null(0)
    ).agg(net_revenue=cents.sum())
    age = months_since(began.min().over("cohort_type"), lit(history.as_of - DAY))
    numbers = pl.int_range(members.select(age.max()).item() + 1, eager=True)
    start = began.dt.offset_by(pl.format("{}mo", number))
    is_observed = ~is_known | (start < history.as_of)
    return (
        members.group_by("cohort_type", "began")
        .agg(customer_count=pl.len())
        .join(numbers.alias("month_number").to_frame(), how="cross")
        .filter(number <= when(is_known).then(age).otherwise(0))
        .join(active, on=keys, how="left")
        .join(money, on=keys, how="left", nulls_equal=True)
        .with_columns(
            cohort=began.dt.strftime("%Y-%m").fill_null("unknown"),
            is_observed=is_observed,
            is_complete=start.dt.offset_by("1mo") <= history.as_of,
            active_customer_count=when(is_observed & is_known).then(
                col("active_customer_count").fill_null(0)
            ),
            net_revenue=when(is_observed).then(col("net_revenue").fill_null(0)),
        )
        .sort(keys)
        .with_columns(
            retention_rate=ratio("active_customer_count", "customer_count"),
            cumulative_net_revenue=col("net_revenue").cum_sum().over(keys[:2]),
        )
        .with_columns(
            cumulative_net_revenue_per_customer=per(
                "cumulative_net_revenue", "customer_count"
            )
        )
        .rename({"began": "cohort_month"})
    )


def retention_curves(history: History) -> pl.DataFrame:
    """rpt_retention_curves."""
    complete = cohort_retention(history).filter("is_complete")
    return (
        complete.group_by("cohort_type", "month_number")
        .agg(
            col("customer_count", "active_customer_count").sum(),
            cohort_count=pl.len(),
            money=col("cumulative_net_revenue").sum(),
        )
        .select(
            pl.exclude("money"),
            retention_rate=ratio("active_customer_count", "customer_count"),
            cumulative_net_revenue_per_customer=per("money", "customer_count"),
        )
    )
