"""A lake on real servers that lets us not in: start and doctor name the setting and the cure."""

import getpass
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench.harness import running_system
from hdfs_native import Client
from tests.ports.lakes import lake_url  # noqa: F401  # a fixture
from tests.system.commands import queqiao

from queqiao.kernel.clock import SystemClock
from queqiao.kernel.errors import Unavailable
from queqiao.ports.lake.laws import rows
from queqiao.wiring.lakes import on_servers

pytestmark = pytest.mark.engines

CURES = {
    "no right": "give its user the right, or name another by HADOOP_USER_NAME",
    "wrong key": "the rights of the key in [ports] lake",
    "no bucket": "look at the bucket",
}
AWAY = "thrift://127.0.0.1:9/shop"


@pytest.fixture(params=CURES)
def refused(
    request: pytest.FixtureRequest,
    lake_url: Callable[[str], str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, str]:
    """The URL of a lake that lets us not in, and what mends it."""
    if request.param == "no right":
        url = lake_url("hdfs")
        Client(url).mkdirs("/" + url.split("/", 3)[3], 0o755, create_parent=True)
        monkeypatch.setenv("HADOOP_USER_NAME", "stranger")
    elif request.param == "wrong key":
        url = lake_url("s3").replace("-secret@", "-wrong@")
    else:
        url = lake_url("s3").replace("@lake/", "@nowhere/")
    return url, CURES[request.param]


@pytest.fixture
def config(refused: tuple[str, str], tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "queqiao.toml"
    file.write_text(f'[ports]\nlake = "{refused[0]}"\nlake_catalogue = "{AWAY}"\n')
    return file


def test_publishing_is_refused_with_the_cure_and_shows_nothing(refused: tuple[str, str]) -> None:
    url, cure = refused
    lake = on_servers(url, SystemClock())
    with pytest.raises(Unavailable, match=r"\[ports\] lake") as told:
        lake.publish("profiles", "day=1", rows(1))
    assert cure in told.value.explain("en")
    assert "secret" not in told.value.explain("en")


def test_the_doctor_says_what_mends_it(
    refused: tuple[str, str], config: Path, tmp_path: Path
) -> None:
    told = queqiao("doctor", "--config", config, "--json", home=tmp_path / "home")
    assert told.returncode == 1
    found = {one["name"]: one for one in json.loads(told.stdout)}
    assert not found["lake"]["good"]
    assert refused[1] in str(found["lake"])
    assert "[ports] lake_catalogue" in str(found["catalogue"])


@pytest.mark.parametrize("refused", ["no right"], indirect=True)
def test_the_system_starts_and_says_what_mends_it(refused: tuple[str, str], config: Path) -> None:
    with running_system(["--config", str(config)]) as system:
        said = (system.home / "queqiao.log").read_text("utf-8")
    assert refused[1] in said
    assert "[ports] lake_catalogue" in said


def test_who_has_the_right_publishes(lake_url: Callable[[str], str]) -> None:  # noqa: F811
    """So that a refusal above is one of rights, not of the server."""
    url = lake_url("hdfs")
    lake = on_servers(url, SystemClock())
    lake.publish("profiles", "day=1", rows(1))
    owner = Client(url).get_file_info("/" + url.split("/", 3)[3]).owner
    assert owner == getpass.getuser()
