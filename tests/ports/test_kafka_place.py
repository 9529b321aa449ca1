"""A log's URL: what it may say, and the errors of those that are wrong. No broker is needed."""

import sys
from pathlib import Path

import pytest

from queqiao.kernel.errors import InvalidInput, Unavailable
from queqiao.ports.event_log.kafka import topic
from queqiao.ports.event_log.kafka.place import Place, java_settings, place_of
from queqiao.wiring import adapters
from queqiao.wiring.settings import Ports, Settings, read


def test_a_url_says_where_and_how() -> None:
    assert place_of("kafka://a:9092,b:9093/shop") == Place("a:9092,b:9093", "shop")
    found = place_of(
        "kafka://queqiao:p%40ss@a:9093/shop.events?partitions=12&replication=1&min_insync=1"
        "&ssl.ca.location=/etc/ca.pem"
    )
    assert (found.servers, found.topic) == ("a:9093", "shop.events")
    assert (found.partitions, found.replication, found.min_insync) == (12, 1, 1)
    assert found.client == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "queqiao",
        "sasl.password": "p@ss",
        "ssl.ca.location": "/etc/ca.pem",
    }


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("kafka://", "kafka://host:port"),
        ("kafka://a:9092", "kafka://host:port"),
        ("kafka://a/topic", "kafka://host:port"),
        ("kafka://a:9092/no spaces", "kafka://host:port"),
        ("kafka://a:9092,/t", "kafka://host:port"),
        ("kafka://a:9092/t?partitions=0", "partitions is a number from 1"),
        ("kafka://a:9092/t?partitions=many", "partitions is a number from 1"),
        ("kafka://a:9092/t?replication=1", "min_insync must not be more"),
        ("kafka://a:9092/t?color=red", "color is unknown or fixed"),
        (
            "kafka://a:9092/t?isolation.level=read_uncommitted",
            "isolation.level is unknown or fixed",
        ),
    ],
)
def test_a_wrong_url_names_the_setting_and_the_cure(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=r"ports\.event_log") as refusal:
        place_of(url)
    assert told in refusal.value.explain("en")
    file = tmp_path / "queqiao.toml"
    file.write_text(f'[ports]\nevent_log = "{url}"\n')
    with pytest.raises(InvalidInput, match=r"ports\.event_log"):
        read(file, tmp_path)


def test_a_missing_client_is_told_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(sys.modules):
        if name.startswith("queqiao.ports.event_log.kafka."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    settings = Settings(home=tmp_path, ports=Ports(event_log="kafka://a:9092/t"))
    for opened in (adapters.owned_event_log, adapters.event_log_reader, adapters.check_event_log):
        with pytest.raises(InvalidInput, match=r"pip install 'queqiao\[kafka\]'"):
            opened(settings)


def test_brokers_that_do_not_answer_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic, "ANSWER_WITHIN_S", 1.0)
    with pytest.raises(Unavailable, match=r"event_log: Kafka at 127\.0\.0\.1:9 cannot be reached"):
        topic.open_topic(place_of("kafka://127.0.0.1:9/t"))


def test_engines_sign_in_by_the_java_client_as_the_url_says() -> None:
    url = "kafka://u:p%22\\@h:1/t?ssl.ca.location=/ca.pem&compression.type=zstd"
    assert java_settings(place_of(url)) == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": "/ca.pem",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required"
        ' username="u" password="p\\"\\\\";',
    }
    assert java_settings(place_of("kafka://h:1/t")) == {}
    for wrong in ("ssl.key.location=/k", "sasl.mechanism=GSSAPI"):
        with pytest.raises(InvalidInput) as refused:
            java_settings(place_of(f"kafka://u:p@h:1/t?{wrong}"))
        assert wrong.partition("=")[0] in refused.value.explain("en")
