"""Outside consumers of the log: a group, rebalanced by kill -9, writes each event back once."""

import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from secrets import token_hex

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.ports import kafka_worker
from tests.ports.kafka_log import kafka_log, place_for

from queqiao.ports.event_log.base import NewEvent

pytestmark = [pytest.mark.engines, pytest.mark.engines_ci]

EVENTS = 6_000
DONE_WITHIN_S = 90.0


def user_events(first: int, count: int) -> list[NewEvent]:
    return [
        NewEvent("web", str(number), b'{"user_id":"u%d"}' % (number % 97), b"12345678")
        for number in range(first, first + count)
    ]


def worker(bootstrap: str, source: str, target: str, name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, kafka_worker.__file__, bootstrap, source, target, name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


class Copied:
    """What a reader of committed records sees of the topic that the group writes."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": token_hex(4),
                "isolation.level": "read_committed",
            }
        )
        self._consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
        self.seen: list[tuple[str, int]] = []

    def until(self, count: int) -> None:
        deadline = time.monotonic() + DONE_WITHIN_S
        while len(self.seen) < count:
            assert time.monotonic() < deadline, f"{len(self.seen)} of {count}"
            self.take(0.5)

    def take(self, wait_s: float) -> None:
        for message in self._consumer.consume(5000, wait_s):
            if message.error() is None:
                self.seen.append((message.key().decode(), int(message.value())))

    def close(self) -> None:
        self._consumer.close()


@pytest.mark.timeout(280)
async def test_a_group_writes_each_event_back_once_though_its_members_die(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    source, target = place_for(tmp_path, kafka_bootstrap).topic, f"copy.{token_hex(4)}"
    log = kafka_log(tmp_path, kafka_bootstrap)
    admin = AdminClient({"bootstrap.servers": kafka_bootstrap})
    admin.create_topics([NewTopic(target, 3, 3)])[target].result(30)
    copied = Copied(kafka_bootstrap, target)
    workers = [worker(kafka_bootstrap, source, target, name) for name in "ab"]
    try:
        for first in range(0, EVENTS, 500):
            await log.append(user_events(first, 500))
        copied.until(EVENTS // 10)
        workers[0].send_signal(signal.SIGKILL)
        workers.append(worker(kafka_bootstrap, source, target, "c"))
        await log.append(user_events(EVENTS, 500))
        copied.until(EVENTS + 500)
        copied.take(3.0)  # what would come twice comes now
    finally:
        for one in workers:
            one.kill()
            one.wait()
            assert one.stdout is not None
            one.stdout.close()
        copied.close()
        log.close()
    offsets = [offset for _, offset in copied.seen]
    assert Counter(offsets) == Counter(range(1, EVENTS + 501))
    for user in {key for key, _ in copied.seen}:
        own = [offset for key, offset in copied.seen if key == user]
        assert own == sorted(own), "a partition holds all of somebody's events, in order"
