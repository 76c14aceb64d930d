"""K-Means on all customers: MLlib's, as the training uses it, against scikit-learn's.

Run: `.venv/bin/python -m benchmarks.kmeans`, with an engine that is up or can start.

Both get the same matrix, the same k and the same number of restarts, and keep the
best; scikit-learn stops by its own default. The clock starts when each has the matrix
where it wants it: MLlib in the engine's cache, scikit-learn in an array of this
process.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import KMeans

from benchmarks import memory
from benchmarks.schemas import own_schemas
from benchmarks.spread import spread
from python_jobs import dbt, engine, session, train
from python_jobs.errors import UserError
from python_jobs.generate import Options, generate
from python_jobs.settings import Settings
from python_jobs.trainer import clusters, features

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

K = 6
SEED = 42


def compare(settings: Settings, runs: int) -> dict[str, Any]:
    """Fit the customers of `fct_customer_features` by both, in turn.

    Returns:
        The seconds of each and their ratios by run, the cost (inertia) of MLlib's
        clusters by that of scikit-learn's, and the most memory that each had.
    """
    starts = train.Options.starts
    seconds: dict[str, list[float]] = {"mllib": [], "scikit_learn": []}
    costs = []
    with session.connect(settings) as spark:
        customers = spark.table(f"{settings.schema('marts')}.{train.INPUT}")
        used = features.used(features.measured(customers))
        points = clusters.as_points(customers, used, customers.count()).persist()
        matrix = _matrix(points)
        for run in range(runs):
            started = time.monotonic()
            ours = clusters.fit(points, K, SEED + run, starts)
            seconds["mllib"].append(time.monotonic() - started)
            started = time.monotonic()
            theirs = KMeans(
                K,
                n_init=starts,
                random_state=SEED + run,
                max_iter=clusters.MAX_ITERATIONS,
            ).fit(matrix)
            seconds["scikit_learn"].append(time.monotonic() - started)
            costs.append(ours.cost / theirs.inertia_)
        points.unpersist()
    ratios = [
        ours / theirs
        for ours, theirs in zip(seconds["mllib"], seconds["scikit_learn"], strict=True)
    ]
    return {
        "customers": len(matrix),
        "features": matrix.shape[1],
        "k": K,
        "restarts": starts,
        "runs": runs,
        **{f"{name}_seconds": spread(taken) for name, taken in seconds.items()},
        "ratio": spread(ratios),
        "cost_by_scikit_learns": [round(cost, 5) for cost in costs],
        # Of the engine's life so far, and of this process with scikit-learn in it.
        "engine_peak_mb": memory.engine_peak_mb(engine.running(settings)),
        "scikit_learn_peak_mb": memory.peak_mb(),
    }


def _matrix(points: DataFrame) -> np.ndarray:
    """The coordinates of all customers, a row each."""
    return clusters.sample(points, 0, 1)


def main() -> None:
    """Generate customers, build their features, and print the comparison as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--transactions", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    settings = Settings.from_env()
    engine.require(settings)
    with own_schemas(settings, "kmeans") as own:
        with session.connect(settings) as spark:
            options = Options(
                customers=arguments.customers, transactions=arguments.transactions
            )
            generate(spark, own, options)
        lines: list[str] = []
        models = ["--select", "+fct_customer_features"]
        if dbt.run(own, ["run"], models, lines.append) != 0:
            raise UserError("\n".join(lines[-60:]))
        print(json.dumps(compare(own, arguments.runs), indent=2))


if __name__ == "__main__":
    main()
