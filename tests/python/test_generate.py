"""The generator: same seed, same rows; what was planted is there and can be found."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pipeline import apart
from pyspark.sql import DataFrame, SparkSession
from scipy.optimize import minimize
from scipy.special import betaln, gammaln
from scipy.stats import chi2
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from python_jobs import session
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.generator import customers, transactions
from python_jobs.generator.plan import Period, Plan
from python_jobs.settings import Settings

SMALL = Options(
    customers=400,
    transactions=2000,
    late_rate=0.1,
    corrected_rate=0.1,
    orphan_rate=0.02,
    bad_rate=0.03,
)
PLAIN = Options(
    customers=10_000,
    transactions=50_000,
    personas=1,
    season=False,
    weekday_profile=False,
    trouble=False,
)
FULL = Options(customers=10_000, transactions=50_000)


def raw(spark: SparkSession, settings: Settings, table: str) -> DataFrame:
    """A raw table."""
    return spark.table(f"{settings.schema('raw')}.{table}")


def truth(spark: SparkSession, settings: Settings, table: str) -> DataFrame:
    """A table of the truth."""
    return spark.table(f"{settings.schema('raw_truth')}.{table}")


def checksum(rows: DataFrame) -> tuple[object, ...]:
    """The number of rows and the sum of their hashes, whatever their order."""
    kept = [name for name in rows.columns if not name.startswith("_")]
    hashed = f"cast(xxhash64({', '.join(kept)}) as decimal(38, 0))"
    return tuple(rows.selectExpr("count(*)", f"sum({hashed})").collect()[0])


def checksums(spark: SparkSession, settings: Settings) -> list[tuple[object, ...]]:
    """One checksum for each table whose rows a history decides."""
    return [
        checksum(raw(spark, settings, "customers")),
        checksum(raw(spark, settings, "transactions")),
        checksum(truth(spark, settings, "customers")),
        checksum(truth(spark, settings, "trouble").drop("batch_id")),
    ]


@pytest.fixture(scope="module")
def small(spark: SparkSession, settings: Settings) -> Settings:
    """A small history of 365 days with much trouble."""
    there = apart(settings, "small")
    generate(spark, there, SMALL)
    return there


@pytest.fixture(scope="module")
def plain(spark: SparkSession, settings: Settings) -> Settings:
    """A history of one persona without season, weekdays and trouble."""
    there = apart(settings, "plain")
    generate(spark, there, PLAIN)
    return there


@pytest.fixture(scope="module")
def full(spark: SparkSession, settings: Settings) -> Settings:
    """A history of 10,000 customers with everything in it."""
    there = apart(settings, "full")
    generate(spark, there, FULL)
    return there


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customers": 0}, "customers is 0"),
        ({"transactions": -1}, "transactions is -1"),
        ({"days": 0}, "days is 0"),
        ({"append_days": 0}, "append_days is 0"),
        ({"personas": 7}, "personas is 7"),
        ({"late_rate": -0.1}, "late_rate is -0.1"),
        ({"bad_rate": 1.1}, "bad_rate is 1.1"),
        ({"bad_rate": float("nan")}, "bad_rate is nan"),
        ({"late_rate": 0.6, "return_rate": 0.6}, "add up to more than 1"),
        ({"start_date": date(1812, 1, 1)}, "start_date is 1812-01-01"),
    ],
)
def test_options_out_of_range_are_refused(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        replace(Options(), **change)


def test_more_transactions_than_customers_can_make_are_refused() -> None:
    with pytest.raises(UserError, match=r"it can be \d+ at most"):
        _ = Plan(Options(customers=10, transactions=5000, days=30)).alphas


def test_another_seed_gives_other_rows(
    spark: SparkSession, settings: Settings, small: Settings
) -> None:
    other = customers.purchases(spark, Plan(replace(SMALL, seed=43)), SMALL.days)
    assert checksum(other) != checksum(truth(spark, small, "customers"))
    assert other.count() == truth(spark, small, "customers").count()


def test_a_history_continued_equals_one_of_that_length(
    spark: SparkSession, settings: Settings
) -> None:
    longer, continued = apart(settings, "longer"), apart(settings, "continued")
    generate(spark, longer, replace(SMALL, days=366))
    generate(spark, continued, SMALL)
    # What the history began with need not be said again.
    batches = generate(spark, continued, Options(append_days=1))
    assert {batch.ingested_at for batch in batches} == {
        datetime(2026, 1, 2, tzinfo=UTC)
    }
    assert checksums(spark, continued) == checksums(spark, longer)


def test_a_period_in_pieces_equals_one_in_one_piece(spark: SparkSession) -> None:
    plan = Plan(SMALL)

    def delivered(*ends: int) -> tuple[DataFrame, DataFrame]:
        """Customers and lines of consecutive periods."""
        known, lines, begin = [], [], None
        for end in ends:
            period = Period(begin, end)
            purchases = customers.purchases(spark, plan, end)
            known.append(customers.delivered(spark, plan, period))
            for part in (
                transactions.delivered_first,
                transactions.delivered_with_trouble,
            ):
                lines.append(part(purchases, plan, period))
            begin = end
        return reduce(DataFrame.unionAll, known), reduce(DataFrame.unionAll, lines)

    known, lines = delivered(365, 373, 406)
    for pieces, whole in zip((known, lines), delivered(406), strict=True):
        assert checksum(pieces) == checksum(whole)
    # Beyond the planned days more customers register, some of them late.
    assert known.count() > SMALL.customers
    assert known.where("trouble = 'late_customer'").count() > 0


def test_what_is_there_is_not_generated_again(
    spark: SparkSession, settings: Settings, small: Settings
) -> None:
    before = raw(spark, small, "batches").count()
    assert generate(spark, small, SMALL) == []
    with pytest.raises(UserError, match="another history"):
        generate(spark, small, replace(SMALL, days=30))
    with pytest.raises(UserError, match="seed is 7"):
        generate(spark, small, replace(SMALL, seed=7, append_days=1))
    with pytest.raises(UserError, match="no history to continue"):
        generate(spark, apart(settings, "none"), replace(SMALL, append_days=1))
    assert raw(spark, small, "batches").count() == before


def test_a_delivery_that_died_leaves_no_trace(
    spark: SparkSession,
    settings: Settings,
    small: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = apart(settings, "died")
    with monkeypatch.context() as patch, pytest.raises(RuntimeError):

        def die(*_: object) -> None:
            raise RuntimeError

        patch.setattr(transactions, "delivered_first", die)
        generate(spark, there, replace(SMALL, seed=43))
    generate(spark, there, SMALL)
    assert generate(spark, there, SMALL) == []
    assert checksums(spark, there) == checksums(spark, small)


def new_history(spark: SparkSession, options: Options) -> DataFrame:
    """The lines of a new history that arrive on the day they belong to."""
    plan = Plan(options)
    purchases = customers.purchases(spark, plan, options.days)
    return transactions.delivered_first(purchases, plan, Period(None, options.days))


@contextmanager
def counting_proxy(port: int) -> Iterator[SimpleNamespace]:
    """Forward a new local port to another one, and count the bytes both ways."""
    seen = SimpleNamespace(port=0, bytes=0)

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                seen.bytes += len(data)
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        seen.port = listener.getsockname()[1]
        threading.Thread(target=serve, daemon=True).start()
        yield seen
        # Closing alone does not wake the thread that accepts.
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("size", [1, 100])
def test_little_passes_the_client_and_tasks_do_not_matter(
    spark: SparkSession,
    settings: Settings,
    small: Settings,
    monkeypatch: pytest.MonkeyPatch,
    size: int,
) -> None:
    options = replace(SMALL, customers=400 * size, transactions=2000 * size)
    there = apart(settings, f"bytes{size}")
    # Other tasks than those of the small history: that must not show in its rows.
    monkeypatch.setattr(customers, "CUSTOMERS_PER_FILE", 60 * size)
    with counting_proxy(settings.connect_port) as proxy:
        through = replace(settings, connect_port=proxy.port)
        with session.connect(through) as other:
            other.conf.set("spark.sql.shuffle.partitions", "7")
            other.conf.set("spark.sql.files.maxPartitionBytes", "20000")
            generate(other, there, options)
    assert 1000 < proxy.bytes < 500_000
    same = checksums(spark, there) == checksums(spark, small)
    assert same == (options == SMALL)


def test_no_plan_holds_rows_or_moves_them(
    spark: SparkSession, settings: Settings, small: Settings
) -> None:
    plan, period = Plan(replace(FULL, customers=1_000_000)), Period(365, 400)
    purchases = truth(spark, small, "customers")
    for rows in (
        customers.purchases(spark, plan, 400),
        customers.delivered(spark, plan, period),
        transactions.delivered_first(purchases, plan, period),
        transactions.delivered_with_trouble(purchases, plan, period),
    ):
        text = rows._explain_string(extended=True)
        assert "LocalRelation" not in text
        assert "LocalTableScan" not in text
        assert "Exchange" not in text
        # A formula written out at each use would make megabytes of this.
        assert len(text) < 200_000


@pytest.mark.parametrize(
    "options",
    [
        Options(customers=10_000, transactions=5_000, days=90, trouble=False),
        Options(customers=10_000, transactions=60_000, days=30, trouble=False),
        Options(customers=10_000, transactions=150_000, days=700, trouble=False),
        Options(customers=10_000, transactions=500_000, trouble=False),
    ],
)
def test_transactions_is_met_whatever_the_history(
    spark: SparkSession, options: Options
) -> None:
    rows = new_history(spark, options)
    assert rows.count() == pytest.approx(options.transactions, rel=0.02)


def test_more_lines_than_purchases_can_make_fill_the_baskets(
    spark: SparkSession,
) -> None:
    def history(transactions_: int) -> tuple[float, ...]:
        """Baskets, lines, and what was spent."""
        options = Options(customers=2_000, transactions=transactions_, trouble=False)
        # A basket's lines are of one second.
        [sums] = (
            new_history(spark, options)
            .selectExpr(
                "count(distinct customer_id, transacted_at)",
                "count(distinct transaction_id)",
                "sum(amount)",
            )
            .collect()
        )
        return tuple(float(number) for number in sums)

    baskets, lines, spent = history(100_000)
    more_baskets, more_lines, more_spent = history(400_000)
    assert more_lines == pytest.approx(4 * lines, rel=0.01)
    assert more_baskets == baskets
    # All but the cent by which a line is rounded.
    assert more_spent == pytest.approx(spent, abs=0.005 * more_lines)


def test_transactions_is_met_in_a_year(
    spark: SparkSession, full: Settings, plain: Settings
) -> None:
    check_numbers(spark, full, FULL)
    check_numbers(spark, plain, PLAIN)


def check_numbers(spark: SparkSession, settings: Settings, options: Options) -> None:
    """Lines within 2 %, customers exactly."""
    lines = (
        raw(spark, settings, "transactions").select("transaction_id").distinct().count()
    )
    assert lines == pytest.approx(options.transactions, rel=0.02)
    known = raw(spark, settings, "customers").selectExpr(
        "count(*)", "count(distinct customer_id)"
    )
    assert tuple(known.collect()[0]) == (options.customers, options.customers)


def test_registration_precedes_the_first_purchase(
    spark: SparkSession, full: Settings
) -> None:
    bought = (
        raw(spark, full, "transactions")
        .groupBy("customer_id")
        .agg({"transacted_at": "min"})
        .withColumnRenamed("min(transacted_at)", "first")
    )
    known = raw(spark, full, "customers").where("year(registration_date) < 2100")
    both = known.join(bought, "customer_id")
    assert both.count() > 9000
    assert both.where("registration_date > cast(first as date)").count() == 0
    before = known.where("registration_date < '2025-01-01'").count()
    assert before / FULL.customers == pytest.approx(0.3, abs=0.01)


def test_transaction_ids_sort_by_day(spark: SparkSession, plain: Settings) -> None:
    lines = (
        raw(spark, plain, "transactions")
        .selectExpr("transaction_id", "cast(transacted_at as date) as day")
        .toPandas()
        .sort_values("transaction_id")
    )
    assert lines.transaction_id.is_unique
    assert lines.day.is_monotonic_increasing
    assert lines.day.min() == date(2025, 1, 1)
    assert lines.day.max() == date(2025, 12, 31)


def test_planted_trouble_is_in_the_raw_tables(
    spark: SparkSession, full: Settings
) -> None:
    lines = raw(spark, full, "transactions").toPandas()
    known = raw(spark, full, "customers").toPandas()
    planted = truth(spark, full, "trouble").toPandas()
    first, second = sorted(lines._batch_id.unique())
    of = {
        kind: rows.transaction_id.tolist() for kind, rows in planted.groupby("trouble")
    }
    lines["is_future"] = pd.to_datetime(lines.transacted_at) > pd.Timestamp(2026, 1, 2)
    by_batch = {
        number: rows.drop(columns=["_batch_id", "_ingested_at", "_source"])
        for number, rows in lines.groupby("_batch_id")
    }
    on_time, later = by_batch[first], by_batch[second]

    def ids(rows: pd.DataFrame) -> list[str]:
        return sorted(rows.transaction_id)

    assert ids(on_time[on_time.duplicated()]) == sorted(of["duplicate"])
    assert ids(on_time[on_time.amount < 0]) == sorted(of["return"])
    assert ids(lines[lines.amount > 1_000_000]) == sorted(of["absurd_amount"])
    assert ids(lines[lines.is_future]) == sorted(of["future_date"])
    assert ids(lines[lines.customer_id.isna()]) == sorted(of["no_customer"])
    is_orphan = lines.customer_id.notna() & ~lines.customer_id.isin(known.customer_id)
    assert ids(lines[is_orphan]) == sorted(of["orphan"])
    assert ids(later) == sorted(of["late"] + of["correction"])
    assert set(of["late"]).isdisjoint(on_time.transaction_id)
    assert planted.groupby("trouble").batch_id.unique().map(list).to_dict() == {
        "absurd_age": [first - 1],
        "future_registration": [first - 1],
        "late": [second],
        "correction": [second],
        **{
            kind: [first]
            for kind in (
                *("return", "duplicate", "orphan"),
                *("no_customer", "absurd_amount", "future_date"),
            )
        },
    }
    corrected = later.merge(on_time, on="transaction_id")
    assert len(corrected) == len(of["correction"])
    for column in ("customer_id", "amount", "transacted_at", "product_category"):
        differs = corrected[f"{column}_x"] != corrected[f"{column}_y"]
        assert 0.1 < differs.mean() < 0.4
    wrong = known[
        (known.age > 120) | (pd.to_datetime(known.registration_date).dt.year > 2026)
    ]
    assert (
        len(wrong) == planted.trouble.isin(["absurd_age", "future_registration"]).sum()
    )

    for kinds, rate in (
        (["return"], FULL.return_rate),
        (["late"], FULL.late_rate),
        (["correction"], FULL.corrected_rate),
        (["duplicate"], FULL.duplicate_rate),
        (["orphan"], FULL.orphan_rate),
        (["no_customer", "absurd_amount", "future_date"], FULL.bad_rate),
    ):
        expected = rate * FULL.transactions
        found = sum(len(of[kind]) for kind in kinds)
        # Five standard deviations, and what is due after the end.
        assert abs(found - expected) < 5 * expected**0.5 + 0.06 * expected


def test_a_return_undoes_a_line_of_the_same_customer(
    spark: SparkSession, full: Settings
) -> None:
    lines = raw(spark, full, "transactions").toPandas()
    lines["key"] = lines.transaction_id.str[6:].str.rstrip("R")
    is_return = lines.amount < 0
    pairs = lines[is_return].merge(
        lines[~is_return], on=["key", "customer_id", "product_category"]
    )
    assert len(pairs) == is_return.sum() > 1000
    assert (pairs.amount_x == -pairs.amount_y).all()
    assert (pairs.transacted_at_x >= pairs.transacted_at_y).all()


def test_without_trouble_there_is_none(spark: SparkSession, plain: Settings) -> None:
    assert truth(spark, plain, "trouble").count() == 0
    rows = raw(spark, plain, "transactions")
    assert rows.where("_batch_id > 2").count() == 0
    assert rows.selectExpr("min(amount) > 0", "max(amount) < 1e6").collect()[0] == (
        True,
        True,
    )


def test_weekdays_and_seasons_can_be_switched_off(
    spark: SparkSession, plain: Settings, full: Settings
) -> None:
    def p_value(settings: Settings) -> float:
        """Of all weekdays being equally likely for a first purchase."""
        counts = (
            raw(spark, settings, "transactions")
            .where("amount > 0")
            .groupBy("customer_id")
            .agg({"transacted_at": "min"})
            .selectExpr("weekday(`min(transacted_at)`) as day")
            .groupBy("day")
            .count()
            .toPandas()["count"]
        )
        expected = counts.sum() / 7
        return float(chi2(6).sf(((counts - expected) ** 2 / expected).sum()))

    assert p_value(plain) > 0.001
    assert p_value(full) < 1e-9


def features(spark: SparkSession, settings: Settings) -> dict[str, pd.DataFrame]:
    """The customers that purchased, by feature; a category's columns are one."""
    lines = (
        raw(spark, settings, "transactions")
        .where("customer_id is not null and amount > 0 and amount < 1e6")
        .where("transacted_at < '2026-01-01'")
        .toPandas()
        .drop_duplicates("transaction_id", keep="last")
    )
    known = raw(spark, settings, "customers").toPandas().set_index("customer_id")
    lines = lines[lines.customer_id.isin(known.index)]
    lines["amount"] = lines.amount.astype(float)
    lines["day"] = lines.transacted_at.dt.floor("D")
    by = lines.groupby("customer_id")
    known = known.reindex(by.size().index)
    days = by.day.nunique()

    def shares(of: pd.Series) -> pd.DataFrame:
        return pd.crosstab(lines.customer_id, of, normalize="index")

    def one_hot(column: str) -> pd.DataFrame:
        return pd.get_dummies(known[column]).astype(float)

    return {
        "purchase days": days.to_frame(),
        "recency": np.log1p((lines.day.max() - by.day.max()).dt.days).to_frame(),
        "frequency": np.log1p(days).to_frame(),
        "monetary": np.log1p(by.amount.sum()).to_frame(),
        "basket": np.log1p(by.amount.sum() / days).to_frame(),
        "category": shares(lines.product_category),
        "payment": shares(lines.payment_method),
        "day part": shares(lines.transacted_at.dt.hour // 6),
        "weekend": shares(lines.transacted_at.dt.dayofweek >= 5).iloc[:, [1]],
        "age": known[["age"]].clip(18, 95),
        "gender": one_hot("gender"),
        "location": one_hot("location"),
        "membership": one_hot("membership_level"),
    }


def test_all_features_together_find_the_personas_and_no_single_one_does(
    spark: SparkSession, full: Settings
) -> None:
    known = features(spark, full)
    days = known.pop("purchase days").iloc[:, 0].to_numpy()
    hidden = (
        truth(spark, full, "customers")
        .select("customer_id", "persona")
        .toPandas()
        .set_index("customer_id")
        .persona.reindex(known["age"].index)
    )

    def clusters(values: pd.DataFrame) -> np.ndarray:
        scaled = StandardScaler().fit_transform(values.to_numpy())
        count = min(6, len(np.unique(scaled, axis=0)))
        return KMeans(count, n_init=5, random_state=0).fit_predict(scaled)

    for name, values in known.items():
        assert adjusted_rand_score(hidden, clusters(values)) < 0.5, name
    found = clusters(pd.concat(known, axis=1))
    assert adjusted_rand_score(hidden, found) > 0.85
    for few in (1, 2):
        of_few = days == few
        assert of_few.sum() > 1000
        assert adjusted_rand_score(hidden[of_few], found[of_few]) > 0.8


def test_planted_bg_nbd_parameters_are_not_rejected(
    spark: SparkSession, plain: Settings
) -> None:
    days = (
        raw(spark, plain, "transactions")
        .selectExpr("customer_id", "cast(transacted_at as date) as day")
        .distinct()
        .groupBy("customer_id")
        .agg({"day": "min", "*": "count"})
        .withColumnRenamed("min(day)", "first")
        .join(
            raw(spark, plain, "transactions")
            .groupBy("customer_id")
            .agg({"transacted_at": "max"})
            .withColumnRenamed("max(transacted_at)", "last"),
            "customer_id",
        )
        .selectExpr(
            "`count(1)` - 1 as x",
            "date_diff(cast(last as date), first) as t_x",
            "date_diff(date'2026-01-01', first) as t",
        )
        .toPandas()
        .astype(float)
    )
    x, t_x, t = (days[name].to_numpy() for name in ("x", "t_x", "t"))

    def minus_log_likelihood(logs: np.ndarray) -> float:
        # Fader, Hardie and Lee (2005), equation 6.
        r, alpha, a, b = np.exp(logs)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t)
        dead = np.where(
            x > 0,
            betaln(a + 1, b + np.maximum(x, 1) - 1)
            - betaln(a, b)
            - (r + x) * np.log(alpha + t_x),
            -np.inf,
        )
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        return -float((common + np.logaddexp(alive, dead)).sum())

    plan = Plan(PLAIN)
    persona = plan.personas[0]
    planted = np.log([persona.rate_shape, plan.alphas[0], *persona.dropout])
    assert_not_rejected(minus_log_likelihood, planted)


def test_planted_gamma_gamma_parameters_are_not_rejected(
    spark: SparkSession, plain: Settings
) -> None:
    baskets = (
        raw(spark, plain, "transactions")
        .selectExpr(
            "customer_id",
            "cast(transacted_at as date) as day",
            "cast(amount as double) as amount",
        )
        .groupBy("customer_id", "day")
        .agg({"amount": "sum"})
        .groupBy("customer_id")
        .agg({"sum(amount)": "avg", "*": "count"})
        .toPandas()
    )
    x, m = baskets["count(1)"].to_numpy(float), baskets["avg(sum(amount))"].to_numpy()

    def minus_log_likelihood(logs: np.ndarray) -> float:
        # Fader and Hardie (2013), equation 1a.
        p, q, v = np.exp(logs)
        return -float(
            (
                gammaln(p * x + q)
                - gammaln(p * x)
                - gammaln(q)
                + q * np.log(v)
                + (p * x - 1) * np.log(m)
                + p * x * np.log(x)
                - (p * x + q) * np.log(v + m * x)
            ).sum()
        )

    plan = Plan(PLAIN)
    persona = plan.personas[0]
    planted = np.log(
        [persona.basket_shape, persona.basket_spread, plan.basket_scales[0]]
    )
    assert_not_rejected(minus_log_likelihood, planted)
    # What the parameters mean: the mean value of a basket over all customers.
    p, q, v = np.exp(planted)
    assert p * v / (q - 1) == pytest.approx(persona.basket_mean)


def assert_not_rejected(minus_log_likelihood: object, planted: np.ndarray) -> None:
    """The planted parameters are as likely as the best, by a 99 % ratio test."""
    best = minimize(minus_log_likelihood, planted, method="Nelder-Mead")
    ratio = 2 * (minus_log_likelihood(planted) - best.fun)
    assert 0 <= ratio < chi2(len(planted)).ppf(0.99)


def test_expected_purchases_and_death_are_those_of_the_model(
    spark: SparkSession, plain: Settings
) -> None:
    known = truth(spark, plain, "customers").toPandas()
    bought = known[known.purchase_count > 0]
    rate, dropout = bought.purchase_rate, bought.dropout_probability
    time = PLAIN.days - bought.moments.str[0]
    # A purchase ends a life with chance p, so lives end at a rate of lambda p.
    left = np.exp(-rate * dropout * time)
    assert bought.is_alive_at_end.mean() == pytest.approx(left.mean(), abs=0.015)
    repeats = ((1 - left) / dropout).mean()
    assert (bought.purchase_count - 1).mean() == pytest.approx(repeats, rel=0.03)
    later = np.exp(-rate * dropout * 365)
    expected = ((1 - later) / dropout).where(bought.is_alive_at_end, 0)
    assert bought.expected_purchases_365d.to_numpy() == pytest.approx(expected)
    value = bought.expected_purchases_365d * bought.mean_basket
    assert bought.expected_value_365d.to_numpy() == pytest.approx(value)
    assert (known[known.purchase_count == 0].expected_value_365d == 0).all()
