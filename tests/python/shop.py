"""The shop that most tests look at: generated, corrected, built in increments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipeline import MODELS, build, deliver
from pyspark.sql import SparkSession

from python_jobs import generate, session, train, value
from python_jobs.settings import Settings

OPTIONS = generate.Options(
    customers=2000, transactions=12_000, days=200, start_date=date(2024, 1, 15)
)
CUSTOMER = "customer_id"
LINE = "transaction_id, customer_id, transacted_at, amount, product_category"


def line(
    key: str, customer: str, day: int, amount: str, category: str = "books"
) -> str:
    """One line of February 2024 as a SQL row."""
    return (
        f"('{key}', '{customer}', timestamp'2024-02-{day:02} 10:00:00', {amount}, "
        f"'{category}')"
    )


def deliver_lines(spark: SparkSession, settings: Settings, *lines: str) -> None:
    """Deliver one batch of lines, each a SQL row."""
    deliver(spark, settings, "transactions", LINE, ", ".join(lines))


def in_october(amount: str) -> str:
    """A line of two months after the last of the others."""
    return f"('of a month to come', 'x5', timestamp'2024-10-05', {amount}, 'books')"


def registered(customer: str, day: str) -> tuple[str, str]:
    """Columns and row of a customer who bought nothing."""
    return "customer_id, registration_date", f"('{customer}', date'{day}')"


@dataclass(frozen=True)
class Shop:
    """Customers with personas and values, and all models built on them.

    Attributes:
        settings: Where they are.
        touched: How many lines, customer days, months and customers the first increment
            has a new word on.
        written: What Delta says of the commit of each table in the first increment.
        carried: Month, money and recency of x6 in each month of the first increment,
            after which the history ends in October.
    """

    settings: Settings
    touched: dict[str, int]
    written: dict[str, dict[str, Any]]
    carried: list[tuple[Any, ...]]


def opened(settings: Settings) -> Shop:
    """Deliver and build it: three deliveries, each with a build; what ml feeds last."""
    with session.connect(settings) as spark:
        before = first_delivery(spark, settings)
    build(settings, "--select", "+config.materialized:incremental", *MODELS)
    with session.connect(settings) as spark:
        second_delivery(spark, settings)
    build(
        settings,
        *("--select", "+path:models/intermediate", "+fct_customer_rfm_monthly"),
        *("--resource-type", "model"),
    )
    with session.connect(settings) as spark:
        touched_first = touched(spark, settings, before)
        written_first = written(spark, settings, "staging") | written(
            spark, settings, "intermediate"
        )
        carried = spark.sql(
            f"""
            select month(month_end_date), monetary, recency_days
            from {settings.schema("marts")}.fct_customer_rfm_monthly
            where customer_id = 'x6' order by all
            """
        ).collect()
        third_delivery(spark, settings)
    # With the tests of the data and the unit tests: each runs once, here or below.
    build(settings, "--exclude", "source:ml+")
    with session.connect(settings) as spark:
        train.train(spark, settings, train.Options(starts=1))
        value.fit(spark, settings, value.Options(draws=20))
    build(settings, "--select", "source:ml+")
    return Shop(settings, touched_first, written_first, [tuple(row) for row in carried])


def first_delivery(spark: SparkSession, settings: Settings) -> int:
    """All customers and most lines; returns the newest batch of lines."""
    generate.generate(spark, settings, OPTIONS)
    customers = ", ".join(f"('x{n}')" for n in range(1, 7))
    deliver(spark, settings, "customers", CUSTOMER, customers)
    deliver(spark, settings, "customers", *registered("x8", "2024-02-10"))
    deliver_lines(
        spark,
        settings,
        line("moves to another day and back", "x1", 10, "50"),
        line("changes its category", "x1", 11, "30", "toys"),
        line("moves to another customer", "x2", 10, "20"),
        line("becomes invalid and valid again", "x2", 12, "11"),
        line("is invalid at first", "x3", 13, "2000000"),
        line("waits for its customer", "x9", 14, "7"),
        line("is all that x4 has", "x4", 14, "9"),
        line("is copied", "x5", 15, "3"),
        line("is copied", "x5", 15, "3"),
        line("stays", "x6", 16, "8"),
    )
    [[newest]] = spark.sql(
        f"select max(_batch_id) from {settings.schema('raw')}.transactions"
    ).collect()
    return newest


def second_delivery(spark: SparkSession, settings: Settings) -> None:
    """Three days more, and corrections of what was delivered.

    One line is of October, so that there are months without a line; in the third
    delivery it turns out to be a mistake, and those months vanish.
    """
    deliver_lines(
        spark,
        settings,
        line("moves to another day and back", "x1", 20, "50"),
        line("changes its category", "x1", 11, "30", "music"),
        line("moves to another customer", "x1", 10, "20"),
        line("becomes invalid and valid again", "x2", 12, "2000000"),
        line("is invalid at first", "x3", 13, "70"),
        line("is all that x4 has", "x6", 14, "9"),
        line("is late", "x2", 5, "4"),
        line("is a return", "x5", 15, "-1.25"),
    )
    generate.generate(spark, settings, replace(OPTIONS, append_days=3))
    deliver_lines(spark, settings, in_october("5"))
    deliver(spark, settings, "customers", *registered("x8", "2024-06-10"))


def third_delivery(spark: SparkSession, settings: Settings) -> None:
    """Corrections of corrections, and a customer whose lines waited."""
    # A batch of customers alone: the lines that waited for them count from now on.
    deliver(spark, settings, "customers", CUSTOMER, "('x9')")
    deliver_lines(
        spark,
        settings,
        line("moves to another day and back", "x1", 10, "50"),
        line("becomes invalid and valid again", "x2", 12, "11"),
        in_october("2e9"),
    )


def touched(spark: SparkSession, settings: Settings, since: int) -> dict[str, int]:
    """What the batches after one touch: where their lines are, and where they were."""
    transactions = f"{settings.schema('raw')}.transactions"
    [row] = spark.sql(
        f"""
        select
            count(distinct transaction_id) as lines,
            count(distinct customer_id, date(transacted_at)) as customer_days,
            count(distinct customer_id, trunc(transacted_at, 'MM')) as customer_months,
            count(distinct customer_id) as customers
        from {transactions} left semi join
            (select transaction_id from {transactions} where _batch_id > {since}) as new
            using (transaction_id)
        """
    ).collect()
    return row.asDict()


def written(
    spark: SparkSession, settings: Settings, schema: str
) -> dict[str, dict[str, Any]]:
    """The counts of the newest commit of each table of a schema."""
    found = {}
    for table in spark.catalog.listTables(settings.schema(schema)):
        if table.tableType != "VIEW":
            [commit] = spark.sql(
                f"describe history {settings.schema(schema)}.{table.name} limit 1"
            ).collect()
            counts = {k: int(n) for k, n in commit.operationMetrics.items()}
            found[table.name] = {"operation": commit.operation, **counts}
    return found
