"""How well the training finds the personas that the generator hid.

Run: `.venv/bin/python -m benchmarks.personas`, with an engine that is up or can start.

Beside the recovery it shows what the features owe to how they are weighed (the same
customers, clustered with each column, each group of columns or each block counting the
same, and without each block in turn), how far MLlib's clusters are from scikit-learn's
on the same matrix, and how many customers keep their persona a month later. It fails
where one of these misses its mark.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from benchmarks.schemas import own_schemas
from python_jobs import dbt, engine, session, train
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings
from python_jobs.trainer import clusters, features, selection
from python_jobs.trainer.features import Feature

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

MONTH = 30
SAMPLE = train.Options.sample_size
LEAST_RAND_INDEX = 0.8
MOST_COST = 1.01
LEAST_KEPT = 0.95


def recovery(settings: Settings, options: Options) -> dict[str, Any]:
    """Generate, build the features, train; compare with the truth.

    Returns:
        The adjusted Rand index over the customers with a persona (1 is the truth, 0 is
        chance), how many clusters there are, whether they count as structure, and what
        the training took, in seconds.

    Raises:
        UserError: dbt failed.
    """
    _build(settings, options)
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
        "k_reason": trained.k_reason,
        "has_structure": trained.has_structure,
        "training_seconds": round(seconds, 1),
    }


def a_month_later(settings: Settings, options: Options) -> dict[str, Any]:
    """Go on with the history by 30 days and train again.

    Returns:
        How many customers are in both runs, which share of them kept its persona, and
        which personas are not what they were.
    """
    _build(settings, replace(options, append_days=MONTH))
    with session.connect(settings) as spark:
        trained = train.train(spark, settings, train.Options())
    return {
        "common_customers": trained.common,
        "share_that_kept_its_persona": round(1 - trained.moved / trained.common, 4),
        "news": [str(change) for change in trained.changes if change.is_news],
    }


def ablation(settings: Settings) -> dict[str, Any]:
    """Cluster the same customers by other weights, with scikit-learn.

    Returns:
        For each way of weighing the k that the rule chooses, with its adjusted Rand
        index; and the cost of the published clusters by scikit-learn's.
    """
    with session.connect(settings) as spark:
        customers = spark.table(f"{settings.schema('marts')}.fct_customer_features")
        used = features.used(features.measured(customers))
        matrix, truth = _matrix(customers, used, settings)
        [published] = (
            spark.table(f"{settings.schema('ml')}.persona_runs")
            .orderBy("run_id")
            .tail(1)
        )
    weights = np.array([feature.weight for feature in used])
    blocks = np.array([feature.block for feature in used])
    often = clusters.coordinate(matrix, used, "frequency")
    everything = np.full(len(used), True)
    ways = {
        "each column the same": (1 / matrix.std(axis=0), everything),
        "each group of columns the same": (np.ones(len(used)), everything),
        "each block the same (used)": (weights, everything),
    } | {
        f"the same, without {block}": (weights, blocks != block)
        for block in dict.fromkeys(blocks)
    }
    best = KMeans(published["k"], n_init=published["start_count"], random_state=1).fit(
        matrix * weights
    )
    return {
        "ways": [
            {
                "weights": way,
                **_found((matrix * each)[:, kept], list(blocks[kept]), often, truth),
            }
            for way, (each, kept) in ways.items()
        ],
        "cost_by_scikit_learns": round(published["cost"] / best.inertia_, 4),
    }


def missed(found: dict[str, Any]) -> list[str]:
    """The marks that these numbers miss."""
    index = found["recovery"]["adjusted_rand_index"]
    cost = found["ablation"]["cost_by_scikit_learns"]
    kept = found["a_month_later"]["share_that_kept_its_persona"]
    marks = []
    if index < LEAST_RAND_INDEX:
        marks.append(f"adjusted Rand index {index}")
    if cost > MOST_COST:
        marks.append(f"{cost} of scikit-learn's cost")
    if kept < LEAST_KEPT:
        marks.append(f"{kept} of the customers kept their persona")
    if found["one_hidden_persona"]["has_structure"]:
        marks.append("one hidden persona shows structure")
    return marks


def _build(settings: Settings, options: Options) -> None:
    with session.connect(settings) as spark:
        generate(spark, settings, options)
    lines: list[str] = []
    models = ["--select", "+fct_customer_features"]
    if dbt.run(settings, ["run"], models, lines.append) != 0:
        raise UserError("\n".join(lines[-60:]))


def _matrix(
    customers: DataFrame, used: list[Feature], settings: Settings
) -> tuple[np.ndarray, pd.Series]:
    """The standardised features, a row per customer, and the hidden personas."""
    truth = customers.sparkSession.table(f"{settings.schema('raw_truth')}.customers")
    rows = (
        customers.select(
            "customer_id",
            *(one.standardised.alias(str(n)) for n, one in enumerate(used)),
        )
        .join(truth.select("customer_id", "persona"), "customer_id")
        .orderBy("customer_id")
        .toPandas()
    )
    return rows[[str(n) for n in range(len(used))]].to_numpy(), rows["persona"]


def _found(
    points: np.ndarray, blocks: list[str], often: np.ndarray, truth: pd.Series
) -> dict[str, Any]:
    rows = np.random.default_rng(1).permutation(len(points))[:SAMPLE]
    curve = selection.curve(points[rows], blocks, often[rows], 42)
    choice = selection.chosen(curve, None, False)
    labels = KMeans(choice.k, n_init=3, random_state=1).fit_predict(points)
    return {
        "k": choice.k,
        "has_structure": choice.has_structure,
        "adjusted_rand_index": round(adjusted_rand_score(truth, labels), 4),
    }


def main() -> None:
    """Print the recovery, the month after, the ablation and pure noise as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=Options.customers)
    parser.add_argument("--transactions", type=int, default=Options.transactions)
    arguments = parser.parse_args()
    settings = Settings.from_env()
    engine.require(settings)
    options = Options(
        customers=arguments.customers, transactions=arguments.transactions
    )
    with own_schemas(settings, "recovery") as own:
        found = {"recovery": recovery(own, options), "ablation": ablation(own)}
        found["a_month_later"] = a_month_later(own, options)
    with own_schemas(settings, "noise") as own:
        found["one_hidden_persona"] = recovery(own, replace(options, personas=1))
    print(json.dumps(found, indent=2))
    if marks := missed(found):
        raise SystemExit(f"missed: {'; '.join(marks)}")


if __name__ == "__main__":
    main()
