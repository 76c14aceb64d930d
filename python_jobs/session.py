"""Talking to the engine: a Spark Connect session, and SQL over Thrift."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from python_jobs.errors import UserError
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyhive.hive import Connection
    from pyspark.sql import SparkSession


@contextmanager
def connect(settings: Settings) -> Iterator[SparkSession]:
    """A Spark Connect session of its own, closed at the end.

    Raises:
        UserError: Nothing answers there.
    """
    if settings.is_local and not _listens("127.0.0.1", settings.connect_port):
        raise UserError("the engine is down: start it with `behavior up`")
    # Importing PySpark takes seconds; commands that do not need it should not wait.
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy

    spark = SparkSession.builder.remote(settings.connect_url).create()
    # The default policy retries for minutes against a server that is gone.
    spark.client.set_retry_policies([DefaultPolicy(max_retries=3)])
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def thrift(settings: Settings) -> Iterator[Connection]:
    """A PyHive connection to the Thrift Server.

    Raises:
        UserError: Nothing answers there.
    """
    from pyhive import hive
    from thrift.transport.TTransport import TTransportException

    if not _listens(settings.thrift_host, settings.thrift_port):
        raise UserError("the engine is down: start it with `behavior up`")
    try:
        connection = hive.connect(settings.thrift_host, settings.thrift_port)
    except (OSError, TTransportException) as error:
        raise UserError(
            f"{settings.jdbc_url} does not speak Thrift: is another program there?"
        ) from error
    try:
        yield connection
    finally:
        connection.close()


def query(
    settings: Settings, statement: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SQL statement over Thrift; return its column names and rows.

    Raises:
        UserError: The engine is down or refuses the statement.
    """
    from pyhive.exc import OperationalError

    with thrift(settings) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(statement)
        except OperationalError as error:
            raise UserError(_first_line(error)) from error
        if cursor.description is None:
            return [], []
        columns = [column[0].split(".")[-1] for column in cursor.description]
        return columns, cursor.fetchall()


def thrift_answers(settings: Settings) -> bool:
    """Whether the Thrift Server answers a query."""
    try:
        return query(settings, "select 1")[1] == [(1,)]
    except UserError:
        return False


def connect_answers(settings: Settings) -> bool:
    """Whether Spark Connect answers a query."""
    try:
        with connect(settings) as spark:
            return spark.sql("select 1").collect()[0][0] == 1
    except Exception:
        # Whatever is wrong with it, it does not answer.
        return False


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except OSError:
        return False


def _first_line(error: Exception) -> str:
    """The server's own message, out of a Thrift response."""
    status = getattr(error.args[0], "status", None) if error.args else None
    text = status.errorMessage if status is not None else str(error)
    return " ".join(text.split("\n\tat ")[0].split())
