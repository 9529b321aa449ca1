"""All errors of a settings file come at once, each with its cure; passwords stay hidden."""

import json
from pathlib import Path

import pytest
from tests.system.commands import queqiao

from queqiao.kernel.errors import InvalidInput
from queqiao.wiring.settings import read, redacted

CLUSTER = Path(__file__).parents[2] / "deploy" / "queqiao.cluster.toml"
BAD = """
[server]
port = 99999
wrkers = 2
[shop]
timezone = "Mars/Olympus"
currency = "GOLD"
[ports]
warehouse = "oracle://x"
[nonsense]
a = 1
[schedule]
segments_every_s = "often"
"""


def test_every_error_at_once(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text(BAD)
    with pytest.raises(InvalidInput) as refused:
        read(file, tmp_path)
    assert {field.path for field in refused.value.fields} == {
        "server.port",
        "server.wrkers",
        "shop.timezone",
        "shop.currency",
        "ports.warehouse",
        "nonsense",
        "schedule.segments_every_s",
    }
    assert all(field.message.zh and field.message.en for field in refused.value.fields)


@pytest.mark.parametrize("text", ["a = ", "\x00", "[server", "server = 1"])
def test_what_is_no_settings_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "queqiao.toml"
    file.write_text(text)
    with pytest.raises(InvalidInput):
        read(file, tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(tmp_path / "none.toml", tmp_path)
    assert "none.toml" in refused.value.fields[0].path


def test_passwords_are_hidden() -> None:
    assert redacted("postgresql://me:secret@db/x") == "postgresql://me:***@db/x"
    assert redacted("redis://:a:b@h:1/0") == "redis://:***@h:1/0"
    shown = redacted("kafka://h:1,h:2/t?sasl.username=me&sasl.password=x&ssl.key.password=y")
    assert shown == "kafka://h:1,h:2/t?sasl.username=me&sasl.password=***&ssl.key.password=***"
    assert redacted("postgresql://h/q?user=a&PASSWORD=x") == "postgresql://h/q?user=a&PASSWORD=***"


@pytest.mark.parametrize(
    "url", ["sqlite:records.sqlite", "file:log", "kafka://h:1,h:2/t", "thrift://h:9083/shop", ""]
)
def test_a_url_without_one_is_shown_as_it_is(url: str) -> None:
    assert redacted(url) == url


def test_rows_are_made_by_some_settings_and_not_by_others(tmp_path: Path) -> None:
    file = tmp_path / "queqiao.toml"

    def made_by(text: str) -> str:
        file.write_text(text)
        return read(file, tmp_path).rows_made_by()

    shipped = made_by("")
    changes = [
        "[shop]\ntimezone = 'UTC'",
        "[shop]\ncurrency = 'USD'",
        "[sessions]\ngap_minutes = 29",
        "[sessions]\nends_at_midnight = true",
        "[consent]\ndefault = []",
        "[enrichment]\nip_database = 'regions.mmdb'",
        "[enrichment]\nip_storage = 'full'",
    ]
    assert len({shipped, *map(made_by, changes)}) == len(changes) + 1
    same = [
        "[server]\nport = 1\n[shop]\nname = 'a'\n[schedule]\nlake_every_s = 9",
        "[consent]\ndefault = ['advertising', 'personalization', 'analytics']",
    ]
    assert {shipped, *map(made_by, same)} == {shipped}


def test_the_file_of_a_cluster_is_good_and_stands_on_servers(tmp_path: Path) -> None:
    told = queqiao("config", "check", "--config", CLUSTER, "--json", home=tmp_path)
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["server"]["workers"] == 4
    schemes = {port: url.partition(":")[0] for port, url in found["ports"].items()}
    on_servers = {
        "event_log": "kafka",
        "records": "postgresql",
        "ledger": "redis",
        "lake": "hdfs",
        "lake_catalogue": "thrift",
        "profile_rows": "hbase",
    }
    assert schemes.items() >= on_servers.items()
