"""The whole way: engine, raw data, models, personas, value, docs, report, summary."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from python_jobs import (
    dbt,
    docs,
    engine,
    generate,
    load,
    report,
    session,
    summary,
    train,
    value,
)
from python_jobs.console import Steps, console
from python_jobs.errors import NothingToLearnError
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from python_jobs.train import TrainedRun
    from python_jobs.value import FittedRun

# What trainings and fits make, and all that is built on it.
LEARNED = "source:ml+"


def run(
    settings: Settings, options: generate.Options, example: str | None = None
) -> None:
    """Go the whole way and say what came of it; the engine stays up.

    Args:
        settings: Where the engine and the state folder are.
        options: What to generate where there is no raw data yet.
        example: The shipped data set to load instead.

    Raises:
        UserError: A step failed.
    """
    steps = Steps()
    with steps.step("start the engine"):
        engine.require(settings)
    with session.connect(settings) as spark:
        if example:
            with steps.step(f"load the example {example}"):
                loaded = load.load(spark, settings, *load.example(example))
            console.print("\n".join(loaded.lines), markup=False)
        elif there := _raw_transactions(spark, settings):
            console.print(f"There are {there:,} raw transactions: none generated.")
        else:
            with steps.step("generate raw data"):
                generate.generate(spark, settings, options)
    with steps.step("build the marts") as bar:
        dbt.run_with_progress(settings, ["build"], ["--exclude", LEARNED], bar)
    with session.connect(settings) as spark:
        with steps.step("train the personas"):
            warnings = _learn("personas", lambda: train.train(spark, settings))
        with steps.step("fit customer value"):
            warnings += _learn("customer value", lambda: value.fit(spark, settings))
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False)
    with steps.step("build personas, value and insights") as bar:
        dbt.run_with_progress(settings, ["build"], ["--select", LEARNED], bar)
    with steps.step("write the docs") as bar:
        pages = docs.write(settings, bar)
    with steps.step("write the report") as bar:
        pages.insert(0, report.write(settings, bar))
    summary.show(settings, steps.seconds, pages)


def _learn(what: str, job: Callable[[], TrainedRun | FittedRun]) -> list[str]:
    """Run a job and return its warnings; nothing to learn from is one more of them."""
    try:
        return job().warnings
    except NothingToLearnError as error:
        return [f"no {what}: {error}"]


def _raw_transactions(spark: SparkSession, settings: Settings) -> int:
    """How many raw transactions are published."""
    batches = f"{settings.schema('raw')}.batches"
    if not spark.catalog.tableExists(batches):
        return 0
    [[rows]] = (
        spark.table(batches)
        .where("kind = 'transactions'")
        .selectExpr("coalesce(sum(rows_raw), 0)")
        .collect()
    )
    return rows
