"""``queqiao move`` before any server is asked; the note that keeps a system off an old place."""

import json
import os
from pathlib import Path

import pytest

from queqiao.kernel.errors import InvalidInput
from queqiao.wiring import moved
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
    there = Settings(home=tmp_path, ports=Ports(records="postgresql://h/q", ledger="redis://h"))
    moved.check(there)
    moved.check(Settings(home=tmp_path / "another"))
    found = next(one for one in examine(settings) if one.name == "moved")
    assert (found.good, "ports.ledger" in found.detail.en) == (False, True)
    with pytest.raises(InvalidInput, match=r"ports\.ledger"):
        prepare(settings)


def test_what_was_moved_before_is_told_and_not_touched(queqiao: Command, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    moved.note(tmp_path, "event_log", tmp_path / "log", KAFKA, 0)
    code, printed, said = queqiao("move", "event_log", "--to", KAFKA, "--json")
    assert code == 0, said
    told = json.loads(printed)
    assert (told["port"], told["to"], told["whole"]) == ("event_log", KAFKA, True)
