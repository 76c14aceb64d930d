"""`behavior serve`: the site folder and nothing else, on loopback and nowhere else."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import local_settings

from python_jobs import serve
from python_jobs.errors import UserError

BEHAVIOR = Path(sys.executable).parent / "behavior"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with a site, and a secret beside it."""
    home = tmp_path_factory.mktemp("home")
    (home / "site" / "docs").mkdir(parents=True)
    (home / "site" / "docs" / "index.html").write_text("<title>docs</title>")
    (home / "connect-token").write_text("secret")
    return home


@contextmanager
def started(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The command as a person runs it, and the port that it says."""
    process = subprocess.Popen(
        [BEHAVIOR, "serve", "--port", "0"],
        env=os.environ | {"BEHAVIOR_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = process.stdout.readline()
        yield process, int(re.match(r"http://127\.0\.0\.1:(\d+)/", said)[1])
    finally:
        process.kill()


@pytest.fixture(scope="module")
def port(home: Path) -> Iterator[int]:
    """The port of a server that goes on."""
    with started(home) as (_, port):
        yield port


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_site_is_served(port: int) -> None:
    assert get(port, "/docs/index.html") == (200, "<title>docs</title>")
    assert get(port, "/docs/") == (200, "<title>docs</title>")


@pytest.mark.parametrize(
    "path",
    ["/..", "/../", "/%2e%2e/", "/docs/../../", "//", "/..%2f", "/docs/%2e%2e/.."],
)
def test_nothing_beside_the_site_is_listed(port: int, path: str) -> None:
    assert "connect-token" not in get(port, path)[1]


@pytest.mark.parametrize(
    "path", ["/../connect-token", "/docs/%2e%2e/%2e%2e/connect-token"]
)
def test_nothing_beside_the_site_is_served(port: int, path: str) -> None:
    assert get(port, path)[0] == 404


def test_no_other_address_listens(port: int) -> None:
    # All of 127.0.0.0/8 is this machine: a server on every address would answer.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_port_in_use_is_one_clear_line(port: int, home: Path) -> None:
    with pytest.raises(UserError, match=f"^port {port} is taken: .*--port$"):
        serve.listen(local_settings(home), port)


def test_a_missing_site_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^there is no .* yet: `behavior docs` writes"):
        serve.listen(local_settings(tmp_path), 0)


def test_ctrl_c_ends_it_without_a_word(home: Path) -> None:
    with started(home) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert process.stdout.read() == ""
