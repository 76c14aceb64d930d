"""How long the fits of customer value take, without Spark.

Run: `.venv/bin/python -m benchmarks.lifetime`. The customers are made up by BG/NBD, on
days of one year; the numbers are for one of the two dates that `behavior value` fits.
It fails where the point fits or the memory miss their mark.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from benchmarks.memory import peak_mb
from python_jobs.lifetime import bootstrap, maximum
from python_jobs.lifetime.expectation import Forecast
from python_jobs.lifetime.histories import Histories, Spendings, histories, spendings
from python_jobs.lifetime.purchases import BG, MBG, Purchases
from python_jobs.lifetime.spending import Spending

# r, alpha (days), a, b: while they stay, customers buy every five weeks on average.
PLANTED = (0.6, 21.0, 0.8, 2.5)
# p, q, v
PLANTED_VALUES = (6.0, 4.0, 60.0)
DAYS = 365
POINT_FITS_MARK = 60
MEMORY_MARK_MB = 1024


def simulated(customers: int, seed: int) -> tuple[Histories, Spendings]:
    """Histories of made-up customers, in whole days, and their mean values."""
    random = np.random.default_rng(seed)
    r, alpha, a, b = PLANTED
    rate = random.gamma(r, 1 / alpha, customers)
    leaving = random.beta(a, b, customers)
    first = random.uniform(0, DAYS, customers)
    x, last_day = np.zeros(customers, int), first.astype(int)
    there, now = np.arange(customers), first.copy()
    while len(there):
        now = now + random.exponential(1 / rate[there])
        within = now < DAYS
        there, now = there[within], now[within]
        # A second purchase on one day is none.
        x[there] += now.astype(int) > last_day[there]
        last_day[there] = now.astype(int)
        stays = random.random(len(there)) >= leaving[there]
        there, now = there[stays], now[stays]
    first_day = first.astype(int)
    p, q, v = PLANTED_VALUES
    repeaters = x > 0
    shape = p * x[repeaters]
    level = random.gamma(q, 1 / v, len(shape))
    mean = random.gamma(shape, 1 / (level * x[repeaters]))
    # As the job gathers them: four significant digits.
    unit = 10.0 ** (np.floor(np.log10(mean)) - 3)
    return (
        histories(x, last_day - first_day, DAYS - first_day),
        spendings(x[repeaters], np.round(mean / unit) * unit),
    )


def main() -> None:
    """Time each part once and print the seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()
    rows, values = simulated(arguments.customers, arguments.seed)
    seconds: dict[str, dict[str, float]] = {
        "point_fit": {},
        "bootstrap": {},
        "expectation": {},
    }
    parameters, failed = {}, {}
    for make in (
        lambda: Purchases(BG, rows),
        lambda: Purchases(MBG, rows),
        lambda: Spending(values),
    ):
        started = time.monotonic()
        likelihood = make()
        fit = maximum.fit(likelihood)
        name = likelihood.name
        seconds["point_fit"][name] = time.monotonic() - started
        if fit.parameters is None:
            raise SystemExit(f"{name}: {fit.reason}")
        parameters[name] = dict(zip(fit.names, fit.parameters.tolist(), strict=True))
        with _timed(seconds["bootstrap"], name):
            draws = bootstrap.bootstrap(
                likelihood, fit, arguments.draws, arguments.seed
            )
        failed[name] = draws.failed
        if isinstance(likelihood, Purchases):
            with _timed(seconds["expectation"], name):
                forecast = Forecast(likelihood.model, rows)
                for days in (30.0, 90.0, 365.0):
                    forecast.expected(fit.parameters, days)
                for drawn in draws.parameters:
                    forecast.expected(drawn, 365.0)
    points = sum(seconds["point_fit"].values())
    peak = peak_mb()
    print(
        json.dumps(
            {
                "customers": arguments.customers,
                "distinct_histories": len(rows.x),
                "distinct_values": len(values.x),
                "draws": arguments.draws,
                "failed_draws": failed,
                "parameters": parameters,
                "seconds": {
                    part: {name: round(took, 2) for name, took in of.items()}
                    for part, of in seconds.items()
                },
                "all_point_fits_seconds": round(points, 2),
                "mark_seconds": POINT_FITS_MARK,
                "peak_memory_mb": peak,
                "mark_memory_mb": MEMORY_MARK_MB,
            },
            indent=2,
        )
    )
    if marks := missed(points, peak):
        raise SystemExit(f"missed: {'; '.join(marks)}")


def missed(points: float, peak: int) -> list[str]:
    """The marks that these seconds and megabytes miss."""
    marks = []
    if points >= POINT_FITS_MARK:
        marks.append(f"the point fits of one date took {points:.0f} s")
    if peak >= MEMORY_MARK_MB:
        marks.append(f"it took {peak} MB at the peak")
    return marks


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    seconds[name] = time.monotonic() - started


if __name__ == "__main__":
    main()
