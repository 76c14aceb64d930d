"""Talking to the engine: a Spark Connect session, and SQL over Thrift."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from python_jobs.errors import UserError
from python_jobs.settings import Settings

if TYPE_CHECKING:
    from pyhive.hive import Connection, Cursor
    from pyspark.sql import SparkSession

FETCH_ROWS = 10_000
# How Spark says that rows or a result outgrow the heap, or their part of it.
OUT_OF_MEMORY = (
    "OutOfMemoryError",
    "spark.driver.maxResultSize",
    "UNABLE_TO_ACQUIRE_MEMORY",
)
ASK_FOR_LESS = "ask for fewer rows or columns, or give it more (BEHAVIOR_HEAP)"


@contextmanager
def connect(settings: Settings) -> Iterator[SparkSession]:
    """A Spark Connect session of its own, closed at the end.

    Raises:
        UserError: Nothing answers there.
    """
    if settings.is_local and not _listens("127.0.0.1", settings.connect_port):
        raise UserError("the engine is down: start it with `behavior up`")
    # Importing PySpark takes seconds; commands that do not need it should not wait.
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    # What pyspark.sql.functions and Window go by; only `builder.remote` sets it itself.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    channel = DefaultChannelBuilder(settings.connect_url)
    if settings.is_local:
        # gRPC would ask a proxy that the environment names, even for this machine.
        channel.setChannelOption("grpc.enable_http_proxy", 0)
    spark = SparkSession.builder.channelBuilder(channel).create()
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
    from pyhive.exc import OperationalError
    from thrift.transport.TTransport import TTransportException

    if not _listens(settings.thrift_host, settings.thrift_port):
        raise UserError(
            "the engine is down: start it with `behavior up`"
            if settings.is_local
            else f"nothing listens on {settings.thrift_host}:{settings.thrift_port}: "
            "check BEHAVIOR_THRIFT_HOST and BEHAVIOR_THRIFT_PORT"
        )
    try:
        connection = hive.connect(
            settings.thrift_host,
            settings.thrift_port,
            username=settings.thrift_user,
            auth=settings.thrift_auth,
            password=settings.thrift_password,
        )
    except (OSError, TTransportException) as error:
        raise UserError(
            f"{settings.jdbc_url} does not speak Thrift, or not with this user and "
            "password: is another program there?"
        ) from error
    except ValueError as error:
        raise UserError(f"BEHAVIOR_THRIFT_*: {error}") from error
    except OperationalError as error:
        raise UserError(_first_line(error)) from error
    try:
        yield connection
    except KeyboardInterrupt:
        # The answer to some request is still on its way, so none can be sent. Hanging
        # up works: the server then closes the session and cancels its statement.
        connection._transport.close()
        raise
    except BaseException:
        # A server that ran out of memory may have hung up; the first error is the one.
        with suppress(TTransportException):
            connection.close()
        raise
    connection.close()


@contextmanager
def rows(
    settings: Settings, statement: str
) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """Run one SQL statement over Thrift; yield its column names and its rows.

    The rows come piece by piece, so a result may be larger than the memory.

    Raises:
        UserError: The engine is down, refuses the statement, or hangs up on it.
    """
    from pyhive.exc import OperationalError
    from thrift.transport.TTransport import TTransportException

    with thrift(settings) as connection:
        # Not as a context manager: closing the session closes the cursor too.
        cursor = connection.cursor(arraysize=FETCH_ROWS)
        try:
            _execute(cursor, statement)
            columns = [column[0] for column in cursor.description or []]
            yield columns, _fetch(cursor) if columns else iter(())
        except OperationalError as error:
            raise UserError(_first_line(error)) from error
        except TTransportException as error:
            # Where the heap is full, any of its threads may be the one that fails.
            raise UserError(
                "the engine hung up: it was stopped, or the statement needs more "
                f"memory than the engine has: {ASK_FOR_LESS}"
            ) from error


def query(
    settings: Settings, statement: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SQL statement over Thrift; return its column names and rows.

    Raises:
        UserError: The engine is down or refuses the statement.
    """
    with rows(settings, statement) as (columns, found):
        return columns, list(found)


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


def _execute(cursor: Cursor, statement: str) -> None:
    """Run a statement so that the server notices when the client goes away.

    Were it not asynchronous, the server's thread for this client would be busy with it.
    """
    from pyhive.exc import OperationalError
    from TCLIService.ttypes import TOperationState

    cursor.execute(statement, async_=True)
    waiting = (
        TOperationState.INITIALIZED_STATE,
        TOperationState.PENDING_STATE,
        TOperationState.RUNNING_STATE,
    )
    # The server answers when there is news, or after some seconds: no busy loop.
    while (status := cursor.poll()).operationState in waiting:
        pass
    if status.operationState != TOperationState.FINISHED_STATE:
        raise OperationalError(status.errorMessage or "the statement was cancelled")


def _fetch(cursor: Cursor) -> Iterator[tuple[Any, ...]]:
    while piece := cursor.fetchmany(FETCH_ROWS):
        yield from piece


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
    if any(sign in text for sign in OUT_OF_MEMORY):
        return f"the statement needs more memory than the engine has: {ASK_FOR_LESS}"
    line = " ".join(text.split("\n\tat ")[0].split())
    # Before the condition stand the names of Java classes, and the condition again.
    line = re.sub(r"^.*?Error running query: .*? [\w.$]+: (?=\[)", "", line)
    # After the position come a picture of the statement, or its plan.
    return re.sub(r"(SQLSTATE: \w+([ ;(]*line \d+,? pos \d+\)?)?).*", r"\1", line)
