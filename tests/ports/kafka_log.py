"""Logs on the brokers of the tests: a topic for each folder, 3 partitions."""

from hashlib import blake2b
from pathlib import Path

from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.place import Place, place_of
from queqiao.ports.event_log.kafka.reader import KafkaEventLogReader


def url_for(folder: Path, bootstrap: str) -> str:
    topic = blake2b(str(folder).encode(), digest_size=8).hexdigest()
    return f"kafka://{bootstrap}/test.{topic}?partitions=3"


def place_for(folder: Path, bootstrap: str) -> Place:
    return place_of(url_for(folder, bootstrap))


def kafka_log(folder: Path, bootstrap: str, **options: int) -> KafkaEventLog:
    return KafkaEventLog(place_for(folder, bootstrap), folder, **options)


def kafka_reader(folder: Path, bootstrap: str) -> KafkaEventLogReader:
    return KafkaEventLogReader(place_for(folder, bootstrap), folder)
