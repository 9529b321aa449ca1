"""Engines are fetched once and whole; what lacks is told with its cure; settings are checked."""

import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.engines import packages, ports, settings
from deploy.engines.catalogue import ENGINES, PORTS, chosen, servers_of
from deploy.engines.command_line import main
from deploy.engines.engine import Place
from deploy.engines.errors import EngineError
from deploy.engines.instance import Instance
from deploy.engines.packages import HERE
from queqiao.wiring import settings as queqiao_settings

SETTINGS = settings.read(settings.DEFAULT_FILE)


@pytest.mark.parametrize("name", packages.PACKAGES)
def test_a_missing_program_is_told_with_its_cure(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match=f"{name} is not installed.*Run: apt-get install -y"):
        packages.program(name)


def test_up_without_java_says_so_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.engines", "up", "kafka", "--home", tmp_path / "home"],
        env={"PATH": "", packages.CACHE_VARIABLE: str(tmp_path)},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert told.startswith("engines: java is not installed")
    assert told.endswith("openjdk-17-jre-headless")
    assert not (tmp_path / "home" / "supervisor.lock").exists()


def _programs(folder: Path, **scripts: str) -> dict[str, str]:
    """Return an environment in which only these programs are found, each a line of shell."""
    for name, line in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    (folder / "bash").symlink_to("/bin/bash")
    return {"PATH": str(folder)}


def _install(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = HERE.parent / "install_packages.sh"
    command = [script, "The tests", "one", "two"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_packages_that_one_may_not_install_are_a_line_to_run(tmp_path: Path) -> None:
    done = _install(_programs(tmp_path, id="echo 1000"))
    assert done.returncode == 1
    assert done.stderr == (
        "The tests need system packages. Run:  sudo apt-get update"
        " && sudo apt-get install -y --no-install-recommends one two\n"
    )


def test_packages_that_cannot_be_had_fail(tmp_path: Path) -> None:
    apt = f'echo "$@" >> {tmp_path}/asked; [ "$1" = update ]'
    done = _install(_programs(tmp_path, id="echo 0", **{"apt-get": apt}))
    assert done.returncode == 1
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["update", "install"]
    assert " one two" in asked[1]


def test_the_engines_packages_are_all_installed() -> None:
    script = (HERE / "system_packages.sh").read_text()
    assert {
        name for name in packages.PACKAGES.values() if f"wanted+=({name})" not in script
    } == set()


def test_queqiao_takes_the_settings_that_are_printed_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["toml", "--home", str(tmp_path / "home")]) == 0
    file = tmp_path / "queqiao.toml"
    file.write_text(capsys.readouterr().out)
    ports = queqiao_settings.read(file, tmp_path).ports
    assert ports.event_log.startswith("kafka://127.0.0.1:")
    assert ports.records.startswith("postgresql://queqiao@127.0.0.1:")
    assert ports.ledger.startswith("redis://127.0.0.1:")


def test_what_is_fetched_twice_at_once_is_fetched_once(tmp_path: Path) -> None:
    calls = []

    def fill(folder: Path) -> None:
        calls.append(folder)
        (folder / "jar").touch()

    threads = [
        threading.Thread(target=packages._once, args=(tmp_path / "x", fill)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert (tmp_path / "x" / "jar").exists()


@pytest.mark.parametrize("in_place", [True, False])
def test_what_was_fetched_by_half_is_fetched_again(tmp_path: Path, in_place: bool) -> None:
    def half(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "half").touch()
        raise EngineError("the network went away")

    with pytest.raises(EngineError):
        packages._once(tmp_path / "x", half, in_place=in_place)
    packages._once(tmp_path / "x", lambda folder: folder.mkdir(exist_ok=True), in_place=in_place)
    assert list((tmp_path / "x").iterdir()) == []


def test_what_is_fetched_at_once_fails_with_the_first_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(packages.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="java is not installed"):
        Instance(tmp_path / "home").install(["kafka", "spark"])


def test_a_new_version_is_another_folder(tmp_path: Path) -> None:
    old = packages.jars(tmp_path, "kafka", {"kafka": "4.3.1"})
    assert packages.jars(tmp_path, "kafka", {"kafka": "4.3.2"}) != old


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("heap_mb = 192", "heap_mb = 1", 1), r"kafka\.heap_mb"),
        (lambda text: text.replace("[hbase]", "[hbaze]"), "hbaze"),
        (lambda text: text.replace('"always"', '"seldom"', 1), r"redis\.appendfsync"),
        (lambda text: text.replace("kafka_1 = 0", "kafka_1 = 70000"), r"ports"),
        (lambda text: text + "[", "Invalid initial character"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, change: Callable[[str], str], told: str) -> None:
    file = tmp_path / "engines.toml"
    file.write_text(change(settings.DEFAULT_FILE.read_text()))
    with pytest.raises(EngineError, match=f"{file}.*{told}"):
        settings.read(file)


def test_every_port_is_in_the_settings_and_no_other(tmp_path: Path) -> None:
    assert set(SETTINGS.ports) == {"base", *PORTS}
    wrong = {name.replace("kafka_2", "kafak_2"): port for name, port in SETTINGS.ports.items()}
    told = r"lacks \['kafka_2'\] and knows no \['kafak_2'\]"
    with pytest.raises(EngineError, match=told):
        ports.assign(wrong, tmp_path, PORTS)


def test_a_home_keeps_its_ports_and_a_fixed_one_is_obeyed(tmp_path: Path) -> None:
    first = ports.assign(SETTINGS.ports, tmp_path, PORTS)
    assert len(set(first.values())) == len(PORTS) + 1
    assert max(first.values()) < first["base"] + ports.BLOCK
    fixed = ports.assign({**SETTINGS.ports, "redis": 6380}, tmp_path, PORTS)
    assert fixed == {**first, "redis": 6380}


def test_an_engine_brings_what_it_needs_and_comes_after_it() -> None:
    order = [engine.name for engine in ENGINES]
    for engine in ENGINES:
        assert all(order.index(need) < order.index(engine.name) for need in engine.needs)
        assert set(engine.needs) < {one.name for one in chosen([engine.name])} or not engine.needs
    assert [engine.name for engine in chosen([])] == order


def test_a_single_server_may_be_named(tmp_path: Path) -> None:
    given = ports.assign(SETTINGS.ports, tmp_path, PORTS)
    place = Place(tmp_path, tmp_path, SETTINGS, given)
    assert [server.name for server in servers_of(["kafka_2"], ENGINES, place)] == ["kafka_2"]
    for wrong in ("kafka_9", "oracle"):
        with pytest.raises(EngineError, match=wrong):
            servers_of([wrong], ENGINES, place)


def test_sparks_connector_is_of_its_environments_version() -> None:
    lock = (HERE / "environments" / "spark.lock").read_text()
    version = tomllib.loads(settings.DEFAULT_FILE.read_text())["spark"]["version"]
    assert f"\npyspark=={version} " in lock
