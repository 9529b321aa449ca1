"""``queqiao verify engine kafka`` and ``queqiao doctor`` on real brokers."""

import json
from pathlib import Path
from secrets import token_hex

import pytest
from confluent_kafka.admin import AdminClient
from tests.system.commands import queqiao

from queqiao.ports.event_log.kafka.place import place_of
from queqiao.ports.event_log.kafka.topic import open_topic


@pytest.mark.engines
def test_the_laws_hold_and_the_topic_is_gone_afterwards(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    url = f"kafka://{kafka_bootstrap}/never"
    told = queqiao("verify", "engine", "kafka", "--url", url, "--home", tmp_path, "--json")
    assert told.returncode == 0, told.stdout
    outcomes = json.loads(told.stdout)
    assert len(outcomes) > 8
    assert all(outcome["holds"] for outcome in outcomes)
    topics = AdminClient({"bootstrap.servers": kafka_bootstrap}).list_topics(timeout=10).topics
    assert not [one for one in topics if one.startswith("queqiao.verify") or one == "never"]


def test_brokers_that_are_not_there_are_a_law_that_does_not_hold(tmp_path: Path) -> None:
    told = queqiao(
        "verify", "engine", "kafka", "--url", "kafka://127.0.0.1:9/x", "--home", tmp_path
    )
    assert told.returncode == 1
    assert "[ports] event_log" in told.stdout


@pytest.mark.engines
def test_doctor_looks_at_the_topic(kafka_bootstrap: str, tmp_path: Path) -> None:
    url = f"kafka://{kafka_bootstrap}/doctor.{token_hex(4)}"
    (tmp_path / "queqiao.toml").write_text(f'[ports]\nevent_log = "{url}"\n')

    def found() -> dict[str, object]:
        told = queqiao("doctor", "--home", tmp_path, "--json")
        return next(one for one in json.loads(told.stdout) if one["name"] == "event_log")

    assert found()["good"]
    assert "made at the start" in str(found()["detail"])
    open_topic(place_of(url))
    assert "3 partitions" in str(found()["detail"])
    (tmp_path / "queqiao.toml").write_text(f'[ports]\nevent_log = "{url}?partitions=9"\n')
    assert not found()["good"]
    assert "has 3 partitions, not 9" in str(found()["detail"])
