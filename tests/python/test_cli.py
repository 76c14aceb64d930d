"""The command: what it prints where, and with which exit code it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
import typer
from conftest import free_port

from python_jobs import cli, dbt, locks, sql
from python_jobs.errors import UserError
from python_jobs.generate import Options
from python_jobs.settings import Settings

BEHAVIOR = Path(sys.executable).parent / "behavior"
ODD_VALUES = """
    select 1 as whole, cast(1234567.10 as decimal(12, 2)) as exact,
        cast(0 as decimal(9, 7)) as zero, cast(null as int) as nothing, '' as empty,
        'a,"b' as quoted, '[red]é' as text, true as yes, double('nan') as odd,
        date'2024-02-29' as day, timestamp'2024-02-29 12:00:00' as `the.moment`
"""


@pytest.fixture
def environment(engine_settings: Settings) -> dict[str, str]:
    """What makes the command use the shared engine."""
    return {
        **os.environ,
        "BEHAVIOR_HOME": str(engine_settings.home),
        "BEHAVIOR_THRIFT_PORT": str(engine_settings.thrift_port),
        "BEHAVIOR_CONNECT_PORT": str(engine_settings.connect_port),
    }


def behavior(
    *arguments: str | Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BEHAVIOR, *arguments], env=env, capture_output=True, text=True, timeout=200
    )


# ------------------------------------------------------------------------- sql


def test_csv_is_a_header_and_the_rows_and_nothing_else(
    environment: dict[str, str],
) -> None:
    asked = behavior("sql", "--format", "csv", ODD_VALUES, env=environment)
    assert asked.returncode == 0
    assert asked.stderr == ""
    assert asked.stdout == (
        "whole,exact,zero,nothing,empty,quoted,text,yes,odd,day,the.moment\n"
        '1,1234567.10,0.0000000,,,"a,""b",[red]é,true,nan,2024-02-29,'
        "2024-02-29 12:00:00\n"
    )


def test_json_keeps_every_digit(environment: dict[str, str]) -> None:
    asked = behavior("sql", "--format", "json", ODD_VALUES, env=environment)
    [row] = json.loads(asked.stdout, parse_float=Decimal)
    assert str(row.pop("exact")) == "1234567.10"
    assert row == {
        "whole": 1,
        "zero": Decimal(0),
        "nothing": None,
        "empty": "",
        "quoted": 'a,"b',
        "text": "[red]é",
        "yes": True,
        "odd": "NaN",
        "day": "2024-02-29",
        "the.moment": "2024-02-29 12:00:00",
    }


def test_a_piped_table_is_not_cut(environment: dict[str, str]) -> None:
    asked = behavior("sql", "select repeat('wide ', 100) as words", env=environment)
    assert "wide " * 100 in asked.stdout


def test_every_row_arrives(environment: dict[str, str]) -> None:
    asked = behavior(
        *("sql", "--format", "csv", "select id from range(25000) order by id"),
        env=environment,
    )
    assert asked.stdout == "id\n" + "".join(f"{number}\n" for number in range(25000))


def test_a_statement_without_rows_prints_none(environment: dict[str, str]) -> None:
    asked = behavior("sql", "create schema if not exists cli;", env=environment)
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("selec 1", "[PARSE_SYNTAX_ERROR] Syntax error at or near 'selec'."),
        ("select 1 / 0", "[DIVIDE_BY_ZERO] Division by zero."),
        ("select * from no.such", "[TABLE_OR_VIEW_NOT_FOUND] The table or view"),
    ],
)
def test_the_servers_error_is_one_line(
    environment: dict[str, str], statement: str, message: str
) -> None:
    asked = behavior("sql", "--format", "csv", statement, env=environment)
    assert asked.returncode == 1
    assert asked.stdout == ""
    assert asked.stderr.startswith(f"error: {message}")
    assert asked.stderr.count("\n") == 1


def test_the_shell_answers_and_remembers(
    environment: dict[str, str], engine_settings: Settings
) -> None:
    history = engine_settings.home / ".beeline" / "history"
    for number in (40, 41):
        shell = subprocess.run(
            [BEHAVIOR, "sql"],
            env=environment,
            input=f"select {number} + 2 as answer;\n!quit\n",
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert shell.returncode == 0
        assert f"| {number + 2}      |" in shell.stdout
    kept = history.read_text().splitlines()
    asked = [line for line in kept if line.startswith("select ")]
    assert asked == ["select 40 + 2 as answer;", "select 41 + 2 as answer;"]
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_an_empty_result_is_written_in_each_format() -> None:
    for write, expected in (
        (sql.write_csv, "a,b\n"),
        (sql.write_json, "[]\n"),
    ):
        output = io.StringIO()
        write(["a", "b"], iter(()), output)
        assert output.getvalue() == expected


def test_a_long_table_says_that_there_is_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = io.StringIO()
    sql.write_table(["n"], iter([(n,) for n in range(1001)]), output)
    assert output.getvalue().count("│") == 2 * 1000
    assert "--format csv" in capsys.readouterr().err


def test_what_is_written_as_csv_is_read_back() -> None:
    values = ("a\nb", 'say "x"', "c;d", "é", " ")
    output = io.StringIO()
    sql.write_csv(list("vwxyz"), iter([values]), output)
    assert list(csv.reader(io.StringIO(output.getvalue())))[1] == list(values)


# ------------------------------------------------------------------ errors, exit codes


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["sql", "--format", "xml", "select 1"],
        ["generate", "--customers", "many"],
        ["load"],
        ["load", "file.csv", "--example", "cdnow"],
    ],
)
def test_a_usage_error_ends_with_2(arguments: list[str]) -> None:
    used = behavior(*arguments)
    assert used.returncode == 2
    assert used.stdout == ""
    assert "Traceback" not in used.stderr


def test_status_of_an_engine_that_is_down(tmp_path: Path) -> None:
    asked = behavior("status", env={**os.environ, "BEHAVIOR_HOME": str(tmp_path)})
    assert (asked.returncode, asked.stdout) == (3, "down\n")


def test_status_of_an_engine_that_is_up(environment: dict[str, str]) -> None:
    asked = behavior("status", env=environment)
    assert asked.returncode == 0
    assert asked.stdout.startswith("up: process ")


def test_a_cluster_is_not_ours_to_start() -> None:
    cluster = {
        **os.environ,
        "BEHAVIOR_TARGET": "cluster",
        "BEHAVIOR_CONNECT_URL": "sc://localhost:1",
        "BEHAVIOR_THRIFT_PORT": str(free_port()),
    }
    for command in (["up"], ["down"], ["status"], ["sql", "select 1"]):
        refused = behavior(*command, env=cluster)
        assert refused.returncode == 1
        assert refused.stderr.startswith("error: ")
        assert refused.stderr.count("\n") == 1


def test_an_unforeseen_error_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise KeyError("what\nnow")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: KeyError: ")
    assert line.endswith("(run again with --verbose for the trace)")


def test_verbose_shows_the_trace(tmp_path: Path) -> None:
    wrong = {**os.environ, "BEHAVIOR_HEAP": "lots"}
    assert "Traceback" not in behavior("status", env=wrong).stderr
    shown = behavior("--verbose", "status", env=wrong)
    assert shown.returncode == 1
    assert "Traceback" in shown.stderr


# ----------------------------------------------------------------------------- options


def test_each_option_of_the_generator_is_a_flag_with_its_default() -> None:
    command = typer.main.get_command(cli.app).commands["generate"]
    flags = {flag.name: flag for flag in command.params if flag.name != "help"}
    assert flags.keys() == {option.name for option in fields(Options)}
    for option in fields(Options):
        flag = flags[option.name]
        shown = flag.default if flag.is_flag else flag.show_default
        expected = option.default
        if not isinstance(expected, bool):
            expected = "False" if expected is None else str(expected)
            shown = str(shown)
        assert shown == expected, option.name
        assert flag.help


# ------------------------------------------------------------------------------- build


def test_arguments_go_to_dbt_untouched_and_its_exit_code_comes_back(
    environment: dict[str, str], engine_settings: Settings
) -> None:
    helped = behavior("build", "--help", env=environment)
    assert helped.returncode == 0
    assert "Usage: dbt build" in helped.stdout
    refused = behavior("build", "--no-such-option", env=environment)
    assert refused.returncode == 2
    assert "--no-such-option" in refused.stderr


def test_a_build_that_fails_ends_the_whole_way(
    monkeypatch: pytest.MonkeyPatch, engine_settings: Settings
) -> None:
    seen = []

    class Bar:
        def update(self, done: int, total: int) -> None:
            seen.append((done, total))

    def fail(settings, command, arguments, on_line) -> int:
        for line in (
            "1 of 2 START sql table model a.b ....... [RUN]",
            "1 of 2 OK created sql table model a.b .. [OK in 1.00s]",
            "2 of 2 ERROR creating sql table model .. [ERROR in 1.00s]",
            "Completed with 1 error, 0 partial successes, and 0 warnings:",
        ):
            on_line(line)
        return 1

    monkeypatch.setattr(dbt, "run", fail)
    with pytest.raises(UserError, match=r"`dbt build` failed: see .*dbt\.log$"):
        dbt.run_with_progress(engine_settings, ["build"], [], Bar())
    assert seen == [(1, 2), (2, 2)]


def test_one_build_at_a_time(
    environment: dict[str, str], engine_settings: Settings
) -> None:
    with locks.exclusive(engine_settings.lock_file("build"), "building"):
        refused = behavior("build", env=environment)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: process {os.getpid()} is building: wait until it ends\n"
    )


def test_a_build_outlives_a_kill_of_its_command_with_the_lock(
    environment: dict[str, str], engine_settings: Settings
) -> None:
    lock = engine_settings.lock_file("build")
    lock.write_text("")
    building = subprocess.Popen(
        [BEHAVIOR, "build", "--select", "no_such_model"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while building.poll() is None and lock.read_text() in ("", str(building.pid)):
        time.sleep(0.05)
    child = int(lock.read_text())
    building.send_signal(signal.SIGKILL)
    building.wait()
    assert child != building.pid
    assert locks.take(lock) is None
    deadline = time.monotonic() + 120
    while (free := locks.take(lock)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    free.close()
