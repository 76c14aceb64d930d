"""The RFM, pattern and cohort marts in Polars, from the raw Parquet files.

Run: `.venv/bin/python -m benchmarks.polars_marts FOLDER`, where FOLDER holds the
folders `customers`, `transactions` and `batches` of Parquet files. It calculates as
the tests do that the marts are held against, so its results are known to be the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import polars as pl
from polars import selectors

from benchmarks.memory import peak_mb

sys.path.append(str(Path(__file__).parents[1] / "tests" / "python"))

import oracle
import oracle_retention

PATTERNS = (
    ("product_category",),
    ("payment_method",),
    ("hour_of_day",),
    ("day_of_week", "hour_of_day"),
)


def read(folder: Path) -> pl.DataFrame:
    """All rows of the Parquet files in a folder, timestamps in UTC."""
    return pl.read_parquet(folder / "*.parquet").with_columns(
        selectors.datetime().dt.replace_time_zone(None).dt.cast_time_unit("us")
    )


def calculate(raw: Path) -> dict[str, int]:
    """Calculate all marts; return how many rows each has."""
    history = oracle.resolve(
        read(raw / "customers"), read(raw / "transactions"), read(raw / "batches")
    )
    days = ("day_of_week", "day_name", "is_weekend")
    marts = {
        "fct_daily_sales": oracle.daily_sales(history),
        "fct_customer_rfm": oracle.rfm(history),
        "rpt_sales_by_day_of_week": oracle.sales_by_days(history, days),
        "rpt_weekend_vs_weekday": oracle.weekend_vs_weekday(history),
        **{
            f"sales by {', '.join(kind)}": oracle.sales_by(history, kind)
            for kind in PATTERNS
        },
        "rpt_cohort_retention": oracle_retention.cohort_retention(history),
    }
    return {name: mart.height for name, mart in marts.items()}


def main() -> None:
    """Print the seconds, the peak memory and the rows of each mart as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("raw", type=Path)
    raw = parser.parse_args().raw
    started = time.monotonic()
    rows = calculate(raw)
    seconds = time.monotonic() - started
    print(
        json.dumps({"seconds": round(seconds, 2), "peak_mb": peak_mb(), "rows": rows})
    )


if __name__ == "__main__":
    main()
