"""Where a benchmark works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from python_jobs import session
from python_jobs.settings import Settings


@contextmanager
def own_schemas(settings: Settings, name: str) -> Iterator[Settings]:
    """Schemas that neither need nor touch what is there, dropped at the end."""
    own = replace(settings, schema_prefix=f"{settings.schema_prefix}{name}_")
    try:
        yield own
    finally:
        with session.connect(settings) as spark:
            for row in spark.sql(f"show schemas like '{own.schema_prefix}*'").collect():
                spark.sql(f"drop schema if exists {row[0]} cascade")
