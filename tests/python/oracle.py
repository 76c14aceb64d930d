"""An independent calculation of the marts: from the raw rows, in Polars.

It follows the definitions, not the SQL: each function takes plain frames and returns
the whole table that a mart should be. Money is in whole cents throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from polars import col, lit, when

SEGMENTS = pl.read_csv(
    Path(__file__).parents[2] / "seeds" / "rfm_segments_quintile.csv"
)
DAY = timedelta(days=1)
PERIOD = timedelta(days=90)
MAX_LINE_CENTS = 1_000_000_00
AGE_BANDS = ("18 to 24", "25 to 34", "35 to 44", "45 to 54", "55 to 64", "65 and over")
DEMOGRAPHICS = ("gender", "location", "membership_level", "age_band")
SCORES = ("r_score", "f_score", "m_score")
CUSTOMER = "customer_id"

cents, day = col("cents"), col("day")


@dataclass(frozen=True)
class History:
    """What counts: valid lines, all who are customers, and the day of the question.

    And what fits of customer value left behind, by table of the schema ml.
    """

    lines: pl.DataFrame
    customers: pl.DataFrame
    as_of: date
    ml: dict[str, pl.DataFrame] = field(default_factory=dict)

    def until(self, cut: date) -> History:
        """The history as it was known on the morning of an earlier day."""
        known = self.customers.filter(col("known_since") < cut)
        lines = self.lines.filter(day < cut)
        return replace(self, lines=lines, customers=known, as_of=cut)

    @property
    def days(self) -> pl.Series:
        """Each day from the first line to the day before the as-of date."""
        first = self.lines["day"].min()
        return pl.date_range(first, self.as_of - DAY, eager=True).alias("day")


def resolve(
    customers: pl.DataFrame, transactions: pl.DataFrame, batches: pl.DataFrame
) -> History:
    """What the raw rows come to: of each key the newest delivery, if it is valid."""
    customers, transactions = (
        rows.join(batches.select("_batch_id"), on="_batch_id")
        .sort("_batch_id")
        .unique(key, keep="last")
        for rows, key in ((customers, CUSTOMER), (transactions, "transaction_id"))
    )
    a_day_later, at = col("_ingested_at") + DAY, col("transacted_at")
    hour = when("_has_time_of_day").then(at.dt.strftime("%H"))
    lines = (
        transactions.with_columns(cents=(100 * col("amount")).cast(pl.Int64))
        .filter(col(CUSTOMER).str.strip_chars() != "", at <= a_day_later)
        .filter(cents.abs() <= MAX_LINE_CENTS)
        .join(customers, on=CUSTOMER, how="semi")
        .with_columns(day=at.dt.date(), hour_of_day=hour)
        .select(
            *(CUSTOMER, "day", "cents"),
            day.dt.weekday().alias("day_of_week"),
            *map(or_unknown, ("product_category", "payment_method", "hour_of_day")),
        )
    )
    as_of = lines["day"].max() + DAY
    age, registered = col("age"), col("registration_date")
    breaks_a_rule = ~age.is_between(0, 120) | (
        registered.cast(pl.Datetime) > a_day_later
    )
    told = (*DEMOGRAPHICS[:3], "age", "registration_date")
    known = (
        customers.with_columns(when(~breaks_a_rule.fill_null(False)).then(col(told)))
        .join(
            lines.group_by(CUSTOMER).agg(first_line=day.min()), on=CUSTOMER, how="left"
        )
        .with_columns(
            age_band=age.cut([17, 24, 34, 44, 54, 64], labels=["under 18", *AGE_BANDS]),
            known_since=pl.min_horizontal("registration_date", "first_line"),
        )
        .select(
            *(CUSTOMER, "registration_date", "known_since"),
            *map(or_unknown, DEMOGRAPHICS),
        )
    )
    is_known = (col("known_since") < as_of).fill_null(True)
    return History(lines, known.filter(is_known), as_of)


def or_unknown(column: str) -> pl.Expr:
    """The text, `unknown` where there is none."""
    text = col(column).cast(pl.String)
    is_told = text.str.strip_chars() != ""
    return when(is_told).then(text).otherwise(lit("unknown")).alias(column)


# What several marts have in common


def purchase_days(lines: pl.DataFrame, *slices: str) -> pl.DataFrame:
    """The days on which a customer spent more (in the slice) than was returned."""
    net = lines.group_by(*slices, CUSTOMER, "day").agg(cents.sum())
    return net.filter(cents > 0).drop("cents")


def per(money: str | pl.Expr, count: str | pl.Expr) -> pl.Expr:
    """Cents per something, rounded half away from zero; NULL per nothing."""
    money = col(money) if isinstance(money, str) else money
    count = col(count) if isinstance(count, str) else count
    return when(count > 0).then((2 * money.abs() + count) // (2 * count) * money.sign())


def ratio(part: str, whole: str | pl.Expr) -> pl.Expr:
    """A part of a whole; NULL of nothing."""
    whole = col(whole) if isinstance(whole, str) else whole
    return when(whole != 0).then(col(part) / whole)


def share(part: str, within: str | None = None) -> pl.Expr:
    """A part of the column's sum, over all rows or those that are the same within."""
    total = col(part).sum()
    return ratio(part, total.over(within) if within else total)


# Sales and patterns


def daily_sales(history: History) -> pl.DataFrame:
    """fct_daily_sales."""
    buyers = purchase_days(history.lines).group_by("day").agg(customer_count=pl.len())
    gained, returned = cents.filter(cents > 0), cents.filter(cents < 0)
    money = history.lines.group_by("day").agg(
        transaction_count=gained.len(),
        return_count=returned.len(),
        gross_revenue=gained.sum(),
        returned_revenue=-returned.sum(),
        net_revenue=cents.sum(),
    )
    seven_days = col("net_revenue").rolling_sum(7, min_samples=7)
    return (
        history.days.to_frame()
        .join(buyers, on="day", how="left")
        .join(money, on="day", how="left")
        .fill_null(0)
        .sort("day")
        .with_columns(net_revenue_7_day_mean=per(seven_days, lit(7)))
        .rename({"day": "calendar_date"})
    )


def sales_by(history: History, kind: Sequence[str]) -> pl.DataFrame:
    """The pattern report by columns of the lines."""
    last, preceding = history.as_of - PERIOD, history.as_of - 2 * PERIOD
    sales = history.lines.group_by(kind).agg(
        transaction_count=(cents > 0).sum(),
        net_revenue=cents.sum(),
        last_period_net_revenue=cents.filter(day >= last).sum(),
        preceding_period_net_revenue=cents.filter(day >= preceding, day < last).sum(),
    )
    occasions = purchase_days(history.lines, *kind).group_by(kind)
    counts = occasions.agg(
        customer_count=col(CUSTOMER).n_unique(), purchase_day_count=pl.len()
    )
    return (
        sales.join(counts, on=kind, how="left")
        .with_columns(col("customer_count", "purchase_day_count").fill_null(0))
        .with_columns(
            average_basket=per("net_revenue", "purchase_day_count"),
            share_of_revenue=share("net_revenue"),
        )
    )


def sales_by_days(history: History, kind: Sequence[str]) -> pl.DataFrame:
    """The pattern report by what a day is, with what such a day brings."""
    days = history.days.to_frame().with_columns(
        day_of_week=day.dt.weekday(),
        day_name=day.dt.strftime("%A"),
        is_weekend=day.dt.weekday() >= 6,
        day_type=when(day.dt.weekday() >= 6)
        .then(lit("weekend"))
        .otherwise(lit("weekday")),
    )
    lines = history.lines.drop("day_of_week").join(days, on="day")
    counts = days.group_by(kind).agg(day_count=pl.len())
    report = counts.join(sales_by(replace(history, lines=lines), kind), on=kind)
    return report.with_columns(net_revenue_per_day=per("net_revenue", "day_count"))


def weekend_vs_weekday(history: History) -> pl.DataFrame:
    """rpt_weekend_vs_weekday."""
    return sales_by_days(history, ["day_type"]).with_columns(
        transactions_per_day=ratio("transaction_count", "day_count"),
        customers_per_day=ratio("purchase_day_count", "day_count"),
    )


# RFM


def quintile_score(goodness: pl.Expr) -> pl.Expr:
    """1 + min(4, floor(5 (rank - 1) / (n - 1))), equals sharing the smallest rank."""
    rank, n = goodness.rank("min").cast(pl.Int64), goodness.count().cast(pl.Int64)
    score = 1 + pl.min_horizontal(4, 5 * (rank - 1) // (n - 1).clip(1))
    return when(n == 1).then(5).otherwise(score)


def rfm(history: History) -> pl.DataFrame:
    """Recency, frequency, money, scores and segment of each customer at the as-of."""
    bought, frequency = purchase_days(history.lines), col("frequency")
    money = history.lines.group_by(CUSTOMER).agg(monetary=cents.sum())
    buyers = (
        bought.group_by(CUSTOMER)
        .agg(
            recency_days=(history.as_of - day.max()).dt.total_days(),
            frequency=pl.len().cast(pl.Int64),
        )
        .join(money, on=CUSTOMER)
        .with_columns(
            r_score=quintile_score(-col("recency_days")),
            f_score=quintile_score(frequency),
            m_score=quintile_score(col("monetary")),
        )
        .join(SEGMENTS, on=SCORES, how="left")
        .drop("monetary")
    )
    is_too_rare = (col("segment") == "Cannot Lose Them") & (frequency < 2)
    segment = when(is_too_rare).then(lit("Hibernating")).otherwise("segment")
    return (
        history.customers.join(money, on=CUSTOMER, how="left")
        .join(buyers, on=CUSTOMER, how="left")
        .with_columns(segment.fill_null("Prospects").alias("segment"))
        .with_columns(col("frequency", "monetary").fill_null(0))
    )


def rfm_monthly(history: History) -> pl.DataFrame:
    """fct_customer_rfm_monthly."""
    ends = history.days.filter(history.days == history.days.dt.month_end()).to_list()
    before = rfm(history.until(ends[0].replace(day=1)))
    months = []
    for end in ends:
        then = history.until(end + DAY)
        lines = then.lines.filter(day >= end.replace(day=1))
        money = lines.group_by(CUSTOMER).agg(month_net_revenue=cents.sum())
        previous = before.select(CUSTOMER, previous_segment="segment")
        before = rfm(then)
        month = (
            before.join(money, on=CUSTOMER, how="left")
            .join(previous, on=CUSTOMER, how="left")
            .select(
                *(CUSTOMER, "recency_days", "frequency", "monetary", *SCORES),
                "segment",
                col("month_net_revenue").fill_null(0),
                col("previous_segment").fill_null("Not yet a customer"),
                known_since_date="known_since",
                month_end_date=lit(end),
                as_of_date=lit(then.as_of),
            )
        )
        months.append(month)
    return pl.concat(months)


def segment_migration(history: History) -> pl.DataFrame:
    """rpt_segment_migration."""
    customers, end = rfm_monthly(history), col("month_end_date")
    return (
        customers.filter(end > end.min())
        .group_by(
            end,
            previous_month_end_date=end.dt.month_start() - DAY,
            from_segment="previous_segment",
            to_segment="segment",
        )
        .agg(
            col("month_net_revenue").sum(),
            customer_count=pl.len(),
            net_revenue=col("monetary").sum(),
        )
    )


# Who buys what


def customers_by_demographic(history: History) -> pl.DataFrame:
    """rpt_customers_by_demographic."""
    return (
        rfm(history)
        .unpivot(DEMOGRAPHICS, index=["frequency", "monetary"])
        .group_by(attribute="variable", attribute_value="value")
        .agg(
            customer_count=pl.len(),
            buyer_count=(col("frequency") > 0).sum(),
            purchase_day_count=col("frequency").sum(),
            net_revenue=col("monetary").sum(),
        )
        .with_columns(
            average_value=per("net_revenue", "buyer_count"),
            average_basket=per("net_revenue", "purchase_day_count"),
            share_of_customers=share("customer_count", "attribute"),
            share_of_revenue=share("net_revenue", "attribute"),
        )
    )


def preferences_by_segment(history: History, kind: str) -> pl.DataFrame:
    """rpt_category_by_segment and rpt_payment_by_segment.

    The share of a customer is that of their purchase lines that are of the kind.
    """
    segments = rfm(history).select(CUSTOMER, "segment")
    tastes = (
        history.lines.group_by(CUSTOMER, kind)
        .agg(transaction_count=(cents > 0).sum(), net_revenue=cents.sum())
        .with_columns(share=share("transaction_count", CUSTOMER))
        .join(segments, on=CUSTOMER)
    )
    buyers = tastes.filter(col("share").is_not_null())
    buyer_count = col(CUSTOMER).n_unique()
    sizes = buyers.group_by("segment").agg(base_customer_count=buyer_count)
    overall = col("share").sum() / buyers.select(buyer_count).item()
    values = tastes.group_by(kind).agg(population_average_share=overall)
    sums = tastes.group_by("segment", kind).agg(
        col("transaction_count", "net_revenue", "share").sum(),
        customer_count=(col("transaction_count") > 0).sum(),
    )
    return (
        segments.select("segment")
        .unique()
        .join(values, how="cross")
        .join(sizes, on="segment", how="left")
        .join(sums, on=("segment", kind), how="left")
        .fill_null(0)
        .with_columns(average_share=ratio("share", "base_customer_count"))
        .with_columns(
            preference_index=100 * ratio("average_share", "population_average_share")
        )
        .drop("share")
    )
