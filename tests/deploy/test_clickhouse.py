"""ClickHouse in the deployments: what the engine in process makes of the servers' own files.

It is no server: what is tried is that the engine reads the files as they are meant, and that the
tables which read all shards give what the shards hold.
"""

import base64
import json
import re
import subprocess
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chdb
import pytest
from tests.deploy.test_deployments import (
    ALL_ON,
    CHART,
    COMPOSE,
    FILES,
    PASSWORDS,
    ask,  # noqa: F401  # fixtures
    chart,  # noqa: F401
    compose,  # noqa: F401
    of_kind,
    pods,
)
from tests.ports.clickhouse_replicas import run_statements

pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]
Ask = Callable[[dict[str, Any]], dict[str, Any]]
DOCS = COMPOSE.parents[2] / "docs"
CLUSTERS = [FILES / "clickhouse-cluster.xml", COMPOSE.parent / "clickhouse-cluster.xml"]
HOSTS = re.compile(r"<host>clickhouse-(\d).clickhouse</host><port>9000</port>")
"""The first server is where the engine takes itself to be; another is not there."""
DATABASE = ET.parse(FILES / "clickhouse.xml").findtext("startup_scripts/scripts/query", "")
TABLES = [
    "CREATE DATABASE queqiao",
    "CREATE TABLE queqiao.events (offset UInt64) ENGINE = MergeTree ORDER BY offset",
    "CREATE VIEW queqiao.history AS SELECT *, offset AS block_last FROM queqiao.events",
    "CREATE TABLE queqiao.order_lines (line UInt32) ENGINE = MergeTree ORDER BY line",
    "INSERT INTO queqiao.events VALUES (1), (2)",
    "INSERT INTO queqiao.order_lines VALUES (3)",
]


def statements(text: str) -> list[str]:
    """Return the statements of a text that may have lines of comments."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [one.strip() for one in " ".join(lines).split(";") if one.strip()]


def everywhere() -> list[str]:
    """Return the statements of everywhere.sql."""
    return statements((FILES / "everywhere.sql").read_text("utf-8"))


def documented() -> list[str]:
    """Return the statements of the operator's page."""
    page = (DOCS / "operating" / "clickhouse.md").read_text("utf-8")
    return [
        one
        for block in re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
        for one in statements(block)
    ]


@pytest.fixture(params=CLUSTERS, ids=["helm", "compose"])
def run(request, tmp_path: Path, monkeypatch) -> Callable[[list[str]], list[tuple[str, str]]]:
    """Return what runs statements in an engine set as one of the servers is."""
    monkeypatch.setenv("HOSTNAME", "clickhouse-0")
    monkeypatch.setenv("QUEQIAO_PASSWORD", "")
    for file in (FILES / "clickhouse.xml", FILES / "clickhouse-users.xml", request.param):
        text = file.read_text("utf-8").replace("/etc/engine", str(tmp_path))
        text = text.replace("/var/lib/clickhouse", str(tmp_path / "data"))
        text = HOSTS.sub(r"<host>127.0.0.1</host><port>900\1</port>", text)
        if file.name == "clickhouse-users.xml":  # the engine in process has one user, of this name
            text = text.replace("queqiao>", "default>")
        (tmp_path / file.name).write_text(text)
    return lambda statements: run_statements(
        tmp_path / "data", tmp_path / "clickhouse.xml", statements
    )


def test_the_engine_reads_the_files_of_a_server(run) -> None:
    answers = run(
        [
            "SELECT DISTINCT cluster, shard_num, is_local FROM system.clusters WHERE is_local",
            "SELECT macro, substitution FROM system.macros ORDER BY macro",
            "SELECT name FROM system.merge_tree_settings WHERE changed",
            "SELECT value FROM system.server_settings WHERE name = 'mark_cache_size'",
        ]
    )
    assert answers == [
        ("shards\t1\t1\n", ""),
        ("replica\tclickhouse-0\nshard\t01\n", ""),
        ("min_compressed_bytes_to_fsync_after_fetch\n", ""),
        ("268435456\n", ""),
    ]


def test_one_name_reads_the_shards(run) -> None:
    made = [one.replace("ON CLUSTER shards", "") for one in everywhere()]
    asked = ["SELECT sum(offset) FROM everywhere.events", "SELECT * FROM everywhere.order_lines"]
    answers = run([*TABLES, *made, *asked])
    assert [error for _, error in answers if error] == []
    assert [answer for answer, _ in answers[-2:]] == ["3\n", "3\n"]


def test_the_engine_understands_what_the_servers_are_told() -> None:
    with chdb.connect(":memory:") as engine:
        assert len(documented()) > 5
        for statement in (DATABASE, *everywhere(), *documented()):
            engine.query(f"EXPLAIN AST {statement}")


def test_the_servers_are_of_the_version_that_the_tests_run_on(chart) -> None:  # noqa: F811
    with chdb.connect(":memory:") as engine:
        version = engine.query("SELECT version()", "TSV").bytes().decode()
    images = {container["image"] for pod in pods(chart).values() for container in pod["containers"]}
    release = ".".join(version.split(".")[:2])
    assert {f"clickhouse/clickhouse-{name}:{release}" for name in ("server", "keeper")} <= images


def test_replicas_and_keepers_are_where_the_cluster_says(chart, compose) -> None:  # noqa: F811
    hosts = [
        {element.text for element in ET.parse(file).iter() if element.tag in {"host", "hostname"}}
        for file in CLUSTERS
    ]
    sets = of_kind(chart, "StatefulSet")
    assert hosts[0] == {
        f"{name}-{number}.{name}"
        for name in ("clickhouse", "keeper")
        for number in range(sets[name]["spec"]["replicas"])
    }
    services = [compose["services"][name] for name in ("clickhouse", "keeper")]
    assert hosts[1] == {one["networks"]["default"]["aliases"][0] for one in services}
    ports = {port["containerPort"] for port in pods(chart)["keeper"]["containers"][0]["ports"]}
    told = ET.parse(FILES / "keeper.xml")
    assert {
        int(told.findtext(f"keeper_server/{path}", ""))
        for path in ("tcp_port", "http_control/port")
    } < ports


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "clickhouse://queqiao:" + "a" * 16 + "@clickhouse-0.clickhouse:8123/queqiao"),
        ({"urls": {"warehouse": "chdb:warehouse"}}, "chdb:warehouse"),
        ({"engines": {"clickhouse": {"enabled": False}}}, "chdb:warehouse"),
    ],
)
def test_queqiao_uses_it_where_it_is_there(ask: Ask, values, url: str) -> None:  # noqa: F811
    secret = of_kind(ask({"folder": str(CHART), "values": {**ALL_ON, **values}}), "Secret")
    settings = base64.b64decode(secret["queqiao"]["data"]["queqiao.toml"]).decode()
    assert tomllib.loads(settings)["ports"]["warehouse"] == url


def test_what_the_jobs_say_is_what_a_shell_and_the_engine_understand(
    chart,  # noqa: F811
    tmp_path: Path,
) -> None:
    scripts = {
        name: pods(chart)[name]["containers"][0]["command"][-1]
        for name in ("everywhere-1", "backup-clickhouse")
    }
    for script in scripts.values():
        subprocess.run(["sh", "-n", "-c", script], check=True)
    assert "/etc/engine/everywhere.sql" in scripts["everywhere-1"]
    assert "everywhere.sql" in of_kind(chart, "ConfigMap")["clickhouse"]["data"]
    client = tmp_path / "clickhouse-client"
    client.write_text("#!/bin/sh\ncat\n")
    client.chmod(0o755)
    told = subprocess.run(
        ["sh", "-ec", scripts["backup-clickhouse"]],
        env={
            "BACKUP_URL": "https://s3/b",
            "BACKUP_KEY": "k",
            "BACKUP_SECRET": "s",
            "PATH": f"{tmp_path}:/bin:/usr/bin",
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with chdb.connect(":memory:") as engine:
        assert "Backup" in engine.query(f"EXPLAIN AST {told}", "TSV").bytes().decode()


def test_the_password_is_in_no_file() -> None:
    for file in (*FILES.glob("clickhouse*"), FILES / "keeper.xml", *CLUSTERS):
        assert not re.search(r"<(password|secret)>[^<]", file.read_text("utf-8")), file
    assert json.dumps(PASSWORDS) not in (FILES / "clickhouse-users.xml").read_text("utf-8")
