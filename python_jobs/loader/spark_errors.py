"""What Spark says, in one line for a person."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from python_jobs.errors import UserError


def first_line(error: Exception) -> str:
    """The first line of Spark's message, without its codes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = re.sub(r"^\[[A-Z0-9_.]+\]\s*", "", lines[0] if lines else repr(error))
    return re.sub(r"\s*SQLSTATE: \w+.*$", "", line)


@contextmanager
def explained(path: str) -> Iterator[None]:
    """Turn what Spark says of the files at a path into a UserError.

    Raises:
        UserError: Spark failed.
    """
    from pyspark.errors import PySparkException

    # PySpark prints the server's whole trace when it receives an error.
    for context in ("SQL", "DataFrame"):
        logging.getLogger(f"{context}QueryContextLogger").disabled = True
    try:
        yield
    except PySparkException as error:
        condition = error.getCondition() or ""
        if condition == "PATH_NOT_FOUND":
            message = f"the engine finds no file {path}"
        elif condition.startswith("FAILED_READ_FILE"):
            message = (
                f"{path} cannot be read: it is damaged, or of another format than the "
                f"mapping says ({first_line(error)})"
            )
        elif condition == "UNABLE_TO_INFER_SCHEMA":
            message = f"{path} holds no files to read"
        else:
            message = f"{path}: {first_line(error)}"
        raise UserError(message) from error
