"""``queqiao move`` before any server is asked; the note that keeps a system off an old place."""

import json
import os
from pathlib import Path

import pytest

from queqiao.kernel.errors import InvalidInput
from queqiao.ports.lake.laws import rows
from queqiao.ports.lake.parquet_folder import ParquetFolder
from queqiao.wiring import lakes, moved
from queqiao.wiring.command_line import main
from queqiao.wiring.doctor import examine
from queqiao.wiring.settings import Ports, Settings
from queqiao.wiring.supervisor import lock
from queqiao.wiring.system import prepare

KAFKA = "kafka://127.0.0.1:1/shop"
PORTS = {"event_log": KAFKA, "records": "postgresql://h/q", "ledger": "redis://h", "lake": "s3://b"}


class Command:
    """The command in this process: how it ended, and what it said, on one line."""

    def __init__(self, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self._capsys, self._home = capsys, home

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments), "--home", str(self._home)])
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, " ".join(said.err.split())


def on_servers(home: Path, *ports: str) -> Settings:
    return Settings(home=home, ports=Ports(**{port: PORTS[port] for port in ports}))


def fill(place: Path) -> None:
    """Put something where a port's data would lie."""
    if place.suffix:
        place.write_bytes(b"rows")
    else:
        place.mkdir(parents=True)
        (place / "data").write_bytes(b"rows")


def refused(settings: Settings) -> list[str]:
    with pytest.raises(InvalidInput) as told:
        moved.check(settings)
    return [field.path for field in told.value.fields]


@pytest.fixture
def queqiao(capsys, tmp_path: Path, monkeypatch) -> Command:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return Command(capsys, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("event_log",), "--to: give the URL of a server"),
        (("event_log", "--to", "file:other"), "--to: give the URL of a server"),
        (("event_log", "--to", "redis://h"), "ports.event_log: must start with one of"),
        (("event_log", "--to", "kafka://h"), "ports.event_log: write kafka://host:port"),
        (("records", "--to", "sqlite:x"), "--to: give the URL of a server"),
        (("records", "--to", "postgresql://h/q"), "--from: there is no "),
        (("ledger", "--to", "redis://h", "--from", "books"), "--from: there is no "),
        (("lake", "--to", "s3://key@b/p?endpoint=http://h"), "--from: there is no "),
        (("lake", "--to", "hdfs://h"), "ports.lake: write hdfs://host:port/folder"),
    ],
)
def test_what_cannot_be_moved_is_told_with_its_cure(queqiao, tmp_path, arguments, told) -> None:
    code, _, said = queqiao("move", *arguments)
    assert (code, told in said) == (1, True), said
    assert not (tmp_path / "moved.json").exists()


def test_the_settings_file_may_name_the_server(queqiao: Command, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    file = tmp_path / "cluster.toml"
    file.write_text(f'[ports]\nevent_log = "{KAFKA}"\n')
    code, _, said = queqiao("move", "event_log", "--dry-run", "--config", file)
    assert (code, "Kafka at 127.0.0.1:1 cannot be reached" in said) == (3, True), said


@pytest.mark.parametrize("port", PORTS)
def test_nothing_is_moved_under_a_running_system(queqiao, tmp_path: Path, port: str) -> None:
    for name in ("log", "records.sqlite", "ledger", "lake"):
        (tmp_path / name).mkdir()
    held = lock(tmp_path)
    try:
        code, _, said = queqiao("move", port, "--to", PORTS[port])
    finally:
        os.close(held)
    assert (code, "in use by another queqiao" in said) == (1, True), said


def test_no_system_starts_on_a_place_that_was_moved(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    moved.check(settings)
    moved.note(tmp_path, "ledger", tmp_path / "ledger", "redis://u:secret@h:6379/0", 0)
    moved.note(tmp_path, "records", tmp_path / "records.sqlite", "postgresql://h/q", 0)
    with pytest.raises(InvalidInput) as refused:
        moved.check(settings)
    assert [field.path for field in refused.value.fields] == ["ports.ledger", "ports.records"]
    assert "moved to redis://u:***@h:6379/0 at 1970" in str(refused.value)
    assert "secret" not in (tmp_path / "moved.json").read_text()
    there = on_servers(tmp_path, "records", "ledger")
    moved.check(there)
    moved.check(Settings(home=tmp_path / "another"))
    found = next(one for one in examine(settings) if one.name == "moved")
    assert (found.good, "ports.ledger" in found.detail.en) == (False, True)
    with pytest.raises(InvalidInput, match=r"ports\.ledger"):
        prepare(settings)


@pytest.mark.parametrize("port", PORTS)
def test_no_system_starts_on_a_server_while_the_data_lie_here(tmp_path: Path, port: str) -> None:
    """Also when a file in the home says that they lie elsewhere in it; also when copied ahead."""
    there = on_servers(tmp_path, port)
    moved.check(there)
    place = moved.sources(tmp_path)[port]
    fill(place)
    assert refused(there) == [f"ports.{port}"]
    moved.note(tmp_path, port, place, PORTS[port], 0)
    moved.check(there)
    (tmp_path / "moved.json").unlink()
    place.rename(tmp_path / "apart")
    moved.check(there)
    kind = "sqlite" if port == "records" else "file"
    (tmp_path / "queqiao.toml").write_text(f'[ports]\n{port} = "{kind}:apart"\n')
    assert refused(there) == [f"ports.{port}"]
    with pytest.raises(InvalidInput, match=f"queqiao move {port}"):
        prepare(there)


def test_a_home_with_empty_folders_starts_on_servers(tmp_path: Path) -> None:
    for name in ("log", "ledger", "lake", "kafka_log"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").touch()
    moved.check(on_servers(tmp_path, *PORTS))


def test_a_wrong_file_in_the_home_is_named(tmp_path: Path) -> None:
    (tmp_path / "queqiao.toml").write_text("[ports]\nledger = 1\n")
    assert refused(on_servers(tmp_path, "ledger")) == [f"{tmp_path}/queqiao.toml: ports.ledger"]


@pytest.mark.parametrize(
    ("port", "option"),
    [("records", "--ahead"), ("ledger", "--anew"), ("lake", "--anew"), ("all", "--begin-empty")],
)
def test_an_option_that_means_nothing_to_a_port_is_named(queqiao, port, option) -> None:
    code, _, said = queqiao("move", port, option)
    assert (code, f"{option}: means nothing here" in said) == (1, True), said


def test_who_means_it_begins_empty(queqiao: Command, tmp_path: Path) -> None:
    fill(tmp_path / "ledger")
    code, _, said = queqiao("move", "ledger", "--to", PORTS["ledger"], "--begin-empty")
    assert code == 0, said
    moved.check(on_servers(tmp_path, "ledger"))
    assert moved.moved(tmp_path)["ledger"].begun_empty
    with pytest.raises(InvalidInput, match="left behind for redis://h"):
        moved.check(Settings(home=tmp_path))
    code, _, said = queqiao("move", "ledger", "--to", PORTS["ledger"])
    assert (code, "ledger was begun empty before" in said) == (1, True), said


def test_a_home_by_another_name_is_the_same(tmp_path: Path) -> None:
    home = tmp_path / "home"
    fill(home / "ledger")
    moved.note(home, "ledger", home / "ledger", "redis://h", 0)
    (tmp_path / "link").symlink_to(home)
    assert refused(Settings(home=tmp_path / "link")) == ["ports.ledger"]
    home.rename(tmp_path / "renamed")
    assert refused(Settings(home=tmp_path / "renamed")) == ["ports.ledger"]
    moved.check(on_servers(tmp_path / "renamed", "ledger"))


def test_a_port_goes_to_one_server_only(queqiao: Command, tmp_path: Path) -> None:
    fill(tmp_path / "log")
    moved.note(tmp_path, "event_log", tmp_path / "log", KAFKA, 0)
    for more in ((), ("--ahead",), ("--anew",), ("--dry-run",), ("--begin-empty",)):
        code, _, said = queqiao("move", "event_log", "--to", f"{KAFKA}2", *more)
        assert (code, f"moved before: {KAFKA}, from log" in said) == (1, True), said
    assert moved.moved(tmp_path)["event_log"].to == KAFKA


def test_all_tells_of_every_port_why_it_does_not_move(queqiao: Command, tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    file.write_text(f'[ports]\nledger = "{PORTS["ledger"]}"\nrecords = "{PORTS["records"]}"\n')
    fill(tmp_path / "ledger")
    code, told, said = queqiao("move", "all", "--ahead", "--config", file)
    assert code == 0, said
    lines = [line.split()[1].rstrip(":") for line in told.splitlines() if line.startswith("–")]
    assert lines == ["event_log", "records", "ledger", "lake"]
    for words in ("log stays: the settings name file:log", "records: the home holds nothing of it"):
        assert words in told
    assert "ledger cannot be copied ahead" in told
    code, _, said = Command(queqiao._capsys, tmp_path / "none")("move", "all", "--config", file)
    assert (code, "--home: there is no " in said) == (1, True), said


def test_all_takes_the_place_that_the_homes_own_file_names(queqiao, tmp_path: Path) -> None:
    (tmp_path / "queqiao.toml").write_text('[ports]\nledger = "file:db/books"\n')
    (tmp_path / "db" / "books").mkdir(parents=True)
    file = tmp_path / "cluster.toml"
    file.write_text('[ports]\nledger = "redis://127.0.0.1:1"\n')
    code, told, said = queqiao("move", "all", "--dry-run", "--config", file)
    assert (code, "127.0.0.1:1" in said, "ledger" in told) == (3, True, False), told + said


def test_a_lake_is_noted_before_its_catalogue_is_told(queqiao, tmp_path, monkeypatch) -> None:
    """The catalogue is away: all is there, and may be used; told it is as soon as it is back."""
    there = ParquetFolder(tmp_path / "there")
    monkeypatch.setattr(lakes, "on_servers", lambda *_: there)
    ParquetFolder(tmp_path / "lake").publish("profiles", "day=2026-01-01", rows(1))
    file = tmp_path / "cluster.toml"
    away = "thrift://127.0.0.1:1/q"
    file.write_text(f'[ports]\nlake = "hdfs://h:8020/q"\nlake_catalogue = "{away}"\n')
    code, _, said = queqiao("move", "lake", "--config", file)
    assert (code, "lake_catalogue" in said) == (3, True), said
    assert moved.moved(tmp_path)["lake"].to == "hdfs://h:8020/q"
    there.publish("profiles", "day=2026-01-01", rows(2))
    code, _, said = queqiao("move", "lake", "--config", file)
    assert (code, "lake_catalogue" in said) == (3, True), said
    assert there.read("profiles", "day=2026-01-01").equals(rows(2))
    assert queqiao("move", "lake", "--to", "hdfs://h:8020/q")[0] == 0


def test_what_was_moved_before_is_told_and_not_touched(queqiao: Command, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    moved.note(tmp_path, "event_log", tmp_path / "log", KAFKA, 0)
    code, printed, said = queqiao("move", "event_log", "--to", KAFKA, "--json")
    assert code == 0, said
    told = json.loads(printed)
    assert (told["port"], told["to"], told["whole"]) == ("event_log", KAFKA, True)
