"""The doctor finds what is wrong, each with its cure, and nothing on a home that is well."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.ports.postgresql import new_postgresql_url, postgresql_cluster  # noqa: F401  # fixtures
from tests.system.commands import queqiao

from queqiao.kernel.clock import HOUR_US, FixedClock, SystemClock
from queqiao.wiring import doctor, doctor_home, doctor_machine
from queqiao.wiring.doctor import CHECKS, Finding, examine
from queqiao.wiring.settings import Settings
from queqiao.wiring.steady_clock import ClockKeeper
from queqiao.wiring.supervisor import lock

LATER_S = 4_000_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    known = Settings(home=tmp_path / "home")
    known.home.mkdir(mode=0o700)
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    server = msgspec.structs.replace(known.server, port=port)
    return msgspec.structs.replace(known, server=server)


def look(name: str, settings: Settings) -> Finding:
    return doctor._finding(name, CHECKS[name], settings)


def is_told(found: Finding, words: str) -> bool:
    """Say whether it is bad, tells those words, and has a cure in both languages."""
    assert found.cure is not None
    assert found.cure.zh
    assert found.cure.en
    return not found.good and words in found.detail.en


def test_a_home_that_is_well_has_nothing_but_good_findings(settings, monkeypatch):
    monkeypatch.setattr(doctor, "console_files", lambda: settings.home)
    monkeypatch.setattr(doctor_machine, "MEMORY_MIN_BYTES", 1)
    found = list(examine(settings))
    assert [one.name for one in found] == list(CHECKS)
    assert [one for one in found if not one.good or one.cure is not None] == []


def test_a_home_that_others_can_read(settings):
    secret = settings.home / "secrets" / "key"
    secret.parent.mkdir(mode=0o700)
    secret.write_bytes(b"k")
    secret.chmod(0o640)
    assert is_told(look("private", settings), str(secret))
    secret.chmod(0o600)
    assert look("private", settings).good
    settings.home.chmod(0o755)
    assert is_told(look("private", settings), str(settings.home))


def test_a_home_that_cannot_be(settings):
    file = settings.home / "file"
    file.touch()
    below = msgspec.structs.replace(settings, home=file / "home")
    assert is_told(look("home", below), "cannot be written")


def test_a_disk_without_room(settings, monkeypatch):
    monkeypatch.setattr(doctor_home, "FREE_BYTES_MIN", 2**62)
    assert is_told(look("disk", settings), "GB free")


def test_a_clock_that_jumped_under_a_running_system(settings):
    wrong = FixedClock(SystemClock().now_us() - HOUR_US)
    ClockKeeper(settings.home, HOUR_US, wrong)
    assert look("clock", settings).good, "no system runs"
    held = lock(settings.home)
    assert is_told(look("clock", settings), "has jumped by +3600 s")
    os.close(held)


def test_a_clock_behind_what_is_written(settings):
    file = settings.home / "log" / "segment"
    file.parent.mkdir()
    file.touch()
    assert look("clock", settings).good
    os.utime(file, (LATER_S, LATER_S))
    assert is_told(look("clock", settings), "clock cannot be right")


def test_a_port_in_use_and_an_address_of_elsewhere(settings):
    assert look("port", settings).good
    with socket.create_server(("127.0.0.1", settings.server.port)):
        assert is_told(look("port", settings), str(settings.server.port))
    server = msgspec.structs.replace(settings.server, host="192.0.2.1")
    elsewhere = msgspec.structs.replace(settings, server=server)
    assert is_told(look("port", elsewhere), "192.0.2.1")


def test_sockets_left_behind_but_not_those_of_a_running_system(settings):
    held = lock(settings.home)
    (settings.home / "run" / "console.sock").touch()
    assert look("sockets", settings).good
    os.close(held)
    assert is_told(look("sockets", settings), "console.sock")


def test_too_few_open_files(settings, monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4_096))
    found = look("limits", settings)
    assert is_told(found, "256 open files")
    assert "ulimit -n 4096" in found.cure.en


def test_too_little_memory(settings, tmp_path):
    told = tmp_path / "meminfo"
    told.write_text("MemTotal: 9 kB\nMemAvailable:   500000 kB\n")
    with pytest.raises(doctor_machine.UnfitError, match=r"0\.5 GB"):
        doctor_machine.memory(settings, told)
    assert "does not tell" in doctor_machine.memory(settings, tmp_path / "absent").en


def test_no_data_for_the_time_zone(settings):
    shop = msgspec.structs.replace(settings.shop, timezone="Mars/Olympus")
    assert is_told(look("zone", msgspec.structs.replace(settings, shop=shop)), "Mars/Olympus")


def test_an_engine_that_cannot_be_loaded(settings, monkeypatch):
    def fails(*_arguments, **_options):
        return subprocess.CompletedProcess([], 1, "", "ImportError")

    monkeypatch.setattr(subprocess, "run", fails)
    assert is_told(look("warehouse", settings), "chDB cannot be loaded")


def test_a_console_that_was_not_built(settings, monkeypatch):
    monkeypatch.setattr(doctor, "console_files", lambda: None)
    assert is_told(look("console", settings), "not built")


def on_redis(settings: Settings, url: str) -> Settings:
    ports = msgspec.structs.replace(settings.ports, ledger=url)
    return msgspec.structs.replace(settings, ports=ports)


@pytest.mark.engines
def test_a_ledger_on_redis_says_what_it_may_lose(settings, redis_url):
    found = look("ledger", on_redis(settings, redis_url))
    assert found.good
    assert "what was answered is on disk" in found.detail.en


def test_a_ledger_whose_server_is_away_names_the_setting(settings):
    found = look("ledger", on_redis(settings, "redis://:secret@127.0.0.1:9"))
    assert is_told(found, "[ports] ledger")
    assert "secret" not in found.detail.en


@pytest.mark.parametrize("command", [["doctor"], ["doctor", "--json"], ["serve", "--port", "0"]])
def test_the_setting_is_printed_as_one_writes_it(command, tmp_path):
    """In brackets, which the terminal's library would take for a colour."""
    file = tmp_path / "queqiao.toml"
    file.write_text('[ports]\nledger = "redis://127.0.0.1:9"\n')
    told = queqiao(*command, "--config", file, home=tmp_path / "home")
    assert told.returncode != 0
    assert "[ports] ledger" in told.stdout + told.stderr


def test_a_client_that_is_not_installed_is_named_with_its_pip_install(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "queqiao.ports.ledger.redis_server", None)
    found = look("ledger", on_redis(settings, "redis://127.0.0.1:9"))
    assert is_told(found, "pip install 'queqiao[redis]'")


@pytest.mark.postgresql
def test_records_on_postgresql_say_who_we_are_there(settings, new_postgresql_url):  # noqa: F811
    ports = msgspec.structs.replace(settings.ports, records=new_postgresql_url())
    found = look("records", msgspec.structs.replace(settings, ports=ports))
    assert found.good
    assert "PostgreSQL" in found.detail.en
    assert "as queqiao" in found.detail.en


def test_records_whose_server_is_away_name_the_setting(settings):
    url = "postgresql://queqiao:secret@127.0.0.1:9/queqiao"
    ports = msgspec.structs.replace(settings.ports, records=url)
    found = look("records", msgspec.structs.replace(settings, ports=ports))
    assert is_told(found, "[ports] records")
    assert "secret" not in found.detail.en
