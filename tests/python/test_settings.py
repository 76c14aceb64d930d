"""The settings: what the environment says, its defaults, and its mistakes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from python_jobs.errors import UserError
from python_jobs.settings import PROJECT, Settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.startswith("BEHAVIOR_"):
            monkeypatch.delenv(variable)


def test_defaults_are_the_local_engine() -> None:
    settings = Settings.from_env()
    assert settings.home == PROJECT / ".behavior"
    assert settings.is_local
    assert settings.dbt_target == "local"
    assert settings.jdbc_url == "jdbc:hive2://127.0.0.1:10000/"
    assert settings.connect_port == 15002
    assert settings.schema("marts") == "marts"


@pytest.mark.parametrize(
    ("machine_gb", "heap_mb"), [(2, 1024), (4, 2048), (8, 4096), (64, 4096)]
)
def test_the_heap_is_half_of_the_memory_up_to_4_gb(
    monkeypatch: pytest.MonkeyPatch, machine_gb: int, heap_mb: int
) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": machine_gb * 2**30 // 4096}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert Settings.from_env().heap_mb == heap_mb


@pytest.mark.parametrize(("text", "heap_mb"), [("3g", 3072), ("700M", 700)])
def test_the_heap_can_be_set(
    monkeypatch: pytest.MonkeyPatch, text: str, heap_mb: int
) -> None:
    monkeypatch.setenv("BEHAVIOR_HEAP", text)
    assert Settings.from_env().heap_mb == heap_mb


def test_a_relative_home_is_below_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEHAVIOR_HOME", "state")
    assert Settings.from_env().home == tmp_path / "state"


def test_a_prefix_is_before_every_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEHAVIOR_SCHEMA_PREFIX", "dev_")
    assert Settings.from_env().schema("marts") == "dev_marts"


def test_a_cluster_has_its_own_address_and_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "TARGET": "cluster",
        "CONNECT_URL": "sc://spark:15002",
        "THRIFT_HOST": "spark",
        "THRIFT_AUTH": "LDAP",
        "THRIFT_USER": "ann",
        "THRIFT_PASSWORD": "secret",
    }.items():
        monkeypatch.setenv(f"BEHAVIOR_{name}", value)
    settings = Settings.from_env()
    assert not settings.is_local
    assert settings.dbt_target == "cluster"
    assert settings.connect_url == "sc://spark:15002"
    assert settings.jdbc_url == "jdbc:hive2://spark:10000/"
    assert (settings.thrift_user, settings.thrift_password) == ("ann", "secret")
    assert "secret" not in repr(settings)


def test_a_clusters_address_does_not_divert_the_local_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BEHAVIOR_THRIFT_HOST", "spark")
    assert Settings.from_env().thrift_host == "127.0.0.1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BEHAVIOR_THRIFT_PORT", "x"),
        ("BEHAVIOR_THRIFT_PORT", "0"),
        ("BEHAVIOR_CONNECT_PORT", "65536"),
        ("BEHAVIOR_HEAP", "lots"),
        ("BEHAVIOR_TARGET", "moon"),
        ("BEHAVIOR_TARGET", "cluster"),
        ("BEHAVIOR_SCHEMA_PREFIX", "Dev-"),
        ("BEHAVIOR_HOME", "/tmp/a:b"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UserError, match=variable) as caught:
        Settings.from_env()
    assert "\n" not in str(caught.value)
