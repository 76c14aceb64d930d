"""Starting the engine's JVM: its arguments, its environment and its token."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path
from typing import IO

from python_jobs import java
from python_jobs.settings import PROJECT, Settings

THRIFT_SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


def start(settings: Settings, lock: IO[str]) -> subprocess.Popen[bytes]:
    """Start the JVM; it inherits the lock and outlives this process.

    Raises:
        UserError: No Java runs, or the engine's extra jars cannot be had.
    """
    home = settings.home
    # Hive would make its own, but two sessions that open at once trip over each other.
    hive = ("tmp/hive-local", "tmp/hive-operations")
    for folder in ("logs", "tmp", *hive):
        (home / folder).mkdir(mode=0o700, exist_ok=True)
    command = java.spark_submit_command(home, _arguments(settings))
    token = secrets.token_urlsafe(32)
    _write_private(settings.token_file, token)
    log = log_file(settings)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=home,
            # The token is in the environment: a command line is everybody's to read.
            env=java.engine_environment() | {"SPARK_CONNECT_AUTHENTICATE_TOKEN": token},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(lock.fileno(),),
            # Ctrl-C is for the command that started it.
            start_new_session=True,
            umask=0o077,
        )


def log_file(settings: Settings) -> Path:
    """What the engine prints; the file before it ends in `.1`."""
    return settings.home / "logs" / "engine.log"


def cause(settings: Settings) -> str:
    """Why the JVM ended, in the words that it used last."""
    lines = log_file(settings).read_text(errors="replace").splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")] or lines[-1:]
    return causes[-1].removeprefix("Caused by: ")[:300] if causes else "no word why"


def _arguments(settings: Settings) -> list[str]:
    """What differs between installations; the rest is in spark-defaults.conf."""
    home = settings.home
    log_settings = (PROJECT / "profiles" / "log4j2.properties").as_uri()
    options = " ".join(
        f'"{option}"'
        for option in (
            f"-Djava.io.tmpdir={home}/tmp",
            f"-Dderby.system.home={home}",
            f"-Dlog4j2.configurationFile={log_settings}",
            f"-Dderby.stream.error.file={home}/logs/derby.log",
            # Builds want throughput; G1's helpers cost a laptop's few cores more.
            "-XX:+UseParallelGC",
            # When the heap is full, only who asks for more fails: by default so does
            # whoever comes next, and a listener of Spark's would stop the engine.
            "-XX:-UseGCOverheadLimit",
            # A build compiles more than the default of 240 MB holds, and would again.
            "-XX:ReservedCodeCacheSize=512m",
            # Java's second compiler took a third of a small build. Its thresholds for
            # calls are ten times the defaults; loops, where the rows are, keep theirs.
            "-XX:Tier4InvocationThreshold=50000",
            "-XX:Tier4MinInvocationThreshold=6000",
            "-XX:Tier4CompileThreshold=150000",
            # Java's own dates must not depend on where the machine is.
            "-Duser.timezone=UTC",
        )
    )
    confs = {
        "spark.sql.warehouse.dir": f"{home}/warehouse",
        "spark.local.dir": f"{home}/tmp",
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:;databaseName={home}/metastore_db;create=true"
        ),
        "spark.hadoop.hive.exec.scratchdir": f"{home}/tmp/hive",
        "spark.hadoop.hive.exec.local.scratchdir": f"{home}/tmp/hive-local",
        "spark.hadoop.hive.querylog.location": f"{home}/logs/hive",
        "spark.hadoop.hive.server2.logging.operation.log.location": (
            f"{home}/tmp/hive-operations"
        ),
        "spark.hadoop.hive.server2.thrift.port": str(settings.thrift_port),
        "spark.connect.grpc.binding.port": str(settings.connect_port),
        "spark.scheduler.allocation.file": (
            PROJECT / "profiles" / "fairscheduler.xml"
        ).as_uri(),
    }
    return [
        *("--properties-file", str(PROJECT / "profiles" / "spark-defaults.conf")),
        *("--master", "local[*]"),
        *("--name", "customer-behavior"),
        *("--driver-memory", f"{settings.heap_mb}m"),
        *("--driver-java-options", options),
        *(part for key in confs for part in ("--conf", f"{key}={confs[key]}")),
        *("--class", THRIFT_SERVER),
        "spark-internal",
    ]


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
