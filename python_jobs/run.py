"""The whole way: engine, raw data, models, personas, documentation, and a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from python_jobs import dbt, engine, generate, load, session, summary, train
from python_jobs.console import Steps, console
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What a training makes, and all that is built on it.
TRAINED = "source:ml+"


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
        dbt.run_with_progress(settings, ["build"], ["--exclude", TRAINED], bar)
    with steps.step("train the personas"), session.connect(settings) as spark:
        train.train(spark, settings, train.Options())
    with steps.step("build the personas") as bar:
        dbt.run_with_progress(settings, ["build"], ["--select", TRAINED], bar)
    with steps.step("write the docs") as bar:
        page = dbt.docs(settings, bar)
    summary.show(settings, steps.seconds, str(page))


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
