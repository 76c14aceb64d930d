"""Where things are and how to reach them: read once from the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from python_jobs.errors import UserError

PROJECT = Path(__file__).resolve().parent.parent
MAX_DEFAULT_HEAP_MB = 4096


@dataclass(frozen=True)
class Settings:
    """All that differs between one installation and another.

    Attributes:
        home: The folder of all local state (warehouse, metastore, jars, logs, token).
        thrift_host: Host of the Spark Thrift Server.
        thrift_port: Port of the Spark Thrift Server (dbt, JDBC).
        connect_port: Port of the local engine's Spark Connect endpoint.
        remote_connect_url: A cluster's `sc://` address, or None for the local engine.
        heap_mb: Memory of the local engine's JVM, in MiB.
        schema_prefix: What every schema name begins with, empty by default.
        time_zone: Where the shop's clock hangs: the zone of its days and hours.
        thrift_auth: How a cluster's Thrift Server authenticates, None for not at all.
        thrift_user: Who we are there, None for this machine's user.
        thrift_password: The password for it.
    """

    home: Path
    thrift_host: str
    thrift_port: int
    connect_port: int
    remote_connect_url: str | None
    heap_mb: int
    schema_prefix: str
    time_zone: str = "UTC"
    thrift_auth: str | None = None
    thrift_user: str | None = None
    thrift_password: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls) -> Settings:
        """Read the settings from BEHAVIOR_* variables.

        Raises:
            UserError: A variable has a value that cannot be used.
        """
        home = Path(os.environ.get("BEHAVIOR_HOME") or PROJECT / ".behavior")
        target = os.environ.get("BEHAVIOR_TARGET") or "local"
        if target not in ("local", "cluster"):
            raise UserError(
                f"BEHAVIOR_TARGET is '{target}': it must be local or cluster"
            )
        remote_url = None
        if target == "cluster":
            remote_url = os.environ.get("BEHAVIOR_CONNECT_URL")
            if not remote_url:
                raise UserError(
                    "BEHAVIOR_TARGET is cluster: set BEHAVIOR_CONNECT_URL to the "
                    "cluster's Spark Connect address (sc://host:port)"
                )
        prefix = os.environ.get("BEHAVIOR_SCHEMA_PREFIX", "")
        if not re.fullmatch(r"([a-z][a-z0-9_]*)?", prefix):
            raise UserError(
                f"BEHAVIOR_SCHEMA_PREFIX is '{prefix}': use lower-case letters, "
                "digits and _ only, beginning with a letter"
            )
        if found := set(str(home)) & set('":;\\'):
            raise UserError(
                f"BEHAVIOR_HOME is '{home}': Java cannot use a folder with "
                f"{' '.join(sorted(found))} in its path; name another"
            )
        # The local engine listens on this machine only, and asks nobody's name.
        remote = os.environ if target == "cluster" else {}
        return cls(
            home=home.expanduser().resolve(),
            thrift_host=remote.get("BEHAVIOR_THRIFT_HOST") or "127.0.0.1",
            thrift_port=_port("BEHAVIOR_THRIFT_PORT", 10000),
            connect_port=_port("BEHAVIOR_CONNECT_PORT", 15002),
            remote_connect_url=remote_url,
            heap_mb=_heap_mb(),
            schema_prefix=prefix,
            time_zone=known_time_zone(variable("time_zone"), "time_zone"),
            thrift_auth=remote.get("BEHAVIOR_THRIFT_AUTH") or None,
            thrift_user=remote.get("BEHAVIOR_THRIFT_USER") or None,
            thrift_password=remote.get("BEHAVIOR_THRIFT_PASSWORD") or None,
        )

    @property
    def is_local(self) -> bool:
        """Whether the engine is ours to start and stop."""
        return self.remote_connect_url is None

    @property
    def dbt_target(self) -> str:
        """The name of the target in profiles/profiles.yml."""
        return "local" if self.is_local else "cluster"

    @property
    def token_file(self) -> Path:
        """The file that holds the local engine's Connect token."""
        return self.home / "connect-token"

    @property
    def connect_url(self) -> str:
        """The Spark Connect address, token included: never print it."""
        if self.remote_connect_url:
            return self.remote_connect_url
        token = self.token_file.read_text().strip()
        # Only the literal `localhost` may carry a token without TLS.
        return f"sc://localhost:{self.connect_port}/;token={token}"

    @property
    def jdbc_url(self) -> str:
        """What a SQL tool connects to."""
        return f"jdbc:hive2://{self.thrift_host}:{self.thrift_port}/"

    @property
    def dbt_folder(self) -> Path:
        """Where dbt writes: what it parsed is of use for the same schemas only."""
        return self.home / "target" / self.schema_prefix

    def lock_file(self, job: str) -> Path:
        """What a job holds while it writes these schemas; others have their own."""
        return self.home / f"{self.schema_prefix}{job}.lock"

    def schema(self, name: str) -> str:
        """The schema's name in the catalog, prefix included."""
        return f"{self.schema_prefix}{name}"


@cache
def variable(name: str) -> Any:
    """A variable of the dbt project, so that jobs go by what the models go by."""
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    return project["vars"][name]


def known_time_zone(name: str, where: str) -> str:
    """The name, if it is one of the IANA's.

    Raises:
        UserError: There is no such time zone.
    """
    try:
        return ZoneInfo(name).key
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise UserError(
            f"{where} is '{name}': no such time zone is known (write it as "
            "Europe/Berlin)"
        ) from error


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise UserError(f"{variable} is '{text}': it must be a port, 1 to 65535")
    return int(text)


def _heap_mb() -> int:
    text = os.environ.get("BEHAVIOR_HEAP")
    if not text:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return min(MAX_DEFAULT_HEAP_MB, memory // 2**20 // 2)
    match = re.fullmatch(r"([0-9]+)([mg])", text.lower())
    if not match:
        raise UserError(f"BEHAVIOR_HEAP is '{text}': write it as 3g or 3000m")
    return int(match[1]) * (1024 if match[2] == "g" else 1)
