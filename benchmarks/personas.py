"""How well the training finds the personas that the generator hid.

Run: `.venv/bin/python -m benchmarks.personas`, with an engine that is up or can start.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace

from sklearn.metrics import adjusted_rand_score

from python_jobs import dbt, engine, session, train
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings


def recovery(settings: Settings, options: Options) -> dict[str, float]:
    """Generate, build the features, train; compare with the truth.

    Returns:
        The adjusted Rand index over the customers with a persona (1 is the truth, 0 is
        chance), how many clusters there are, and what the training took, in seconds.

    Raises:
        UserError: dbt failed.
    """
    with session.connect(settings) as spark:
        generate(spark, settings, options)
    lines: list[str] = []
    models = ["--select", "+fct_customer_features", "+rpt_data_quality"]
    if dbt.run(settings, ["run"], models, lines.append) != 0:
        raise UserError("\n".join(lines[-60:]))
    started = time.monotonic()
    with session.connect(settings) as spark:
        trained = train.train(spark, settings, train.Options())
    seconds = time.monotonic() - started
    with session.connect(settings) as spark:
        found = spark.sql(
            f"""
            select truth.persona, assignments.persona_id
            from {settings.schema("ml")}.persona_assignments as assignments
            inner join {settings.schema("raw_truth")}.customers as truth
                on assignments.customer_id = truth.customer_id
            where assignments.run_id = '{trained.run_id}'
            """
        ).toPandas()
    return {
        "customers": len(found),
        "adjusted_rand_index": round(
            adjusted_rand_score(found["persona"], found["persona_id"]), 4
        ),
        "clusters": trained.k,
        "training_seconds": round(seconds, 1),
    }


def main() -> None:
    """Print the recovery at the default scale as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=Options.customers)
    parser.add_argument("--transactions", type=int, default=Options.transactions)
    arguments = parser.parse_args()
    settings = Settings.from_env()
    engine.require(settings)
    options = Options(
        customers=arguments.customers, transactions=arguments.transactions
    )
    # Schemas of its own: it neither needs nor touches what is there.
    of_run = replace(settings, schema_prefix=f"{settings.schema_prefix}recovery_")
    try:
        print(json.dumps(recovery(of_run, options), indent=2))
    finally:
        with session.connect(settings) as spark:
            for row in spark.sql(
                f"show schemas like '{of_run.schema_prefix}*'"
            ).collect():
                spark.sql(f"drop schema if exists {row[0]} cascade")


if __name__ == "__main__":
    main()
