"""Kafka's log under faults of real servers: kill -9, frozen brokers, a zombie, a writer cut off."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.ports.kafka_log import kafka_log, kafka_reader, place_for, url_for

from queqiao.kernel.errors import Broken, InvalidInput, Unavailable
from queqiao.ports.event_log.base import NewEvent, Outcome
from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.topic import open_topic
from queqiao.ports.journal.watermark import Watermark

pytestmark = pytest.mark.engines

BACK_WITHIN_S = 60.0
BROKERS = ("kafka_1", "kafka_2", "kafka_3")
CLIENTS = 8


def event(message_id: str, body: bytes | None = None) -> NewEvent:
    content = body or b'{"message_id":"%b","user_id":"u%d"}' % (
        message_id.encode(),
        hash(message_id) % 50,
    )
    return NewEvent("web", message_id, content, b"12345678")


class Clients:
    """Senders that never stop, send again what was refused, and remember what was acknowledged."""

    def __init__(self, log: KafkaEventLog) -> None:
        self._log = log
        self.acknowledged: dict[str, int] = {}
        self.refused = 0
        self.gap_s = 0.0
        self._last = time.monotonic()
        self._stop = asyncio.Event()

    async def one(self, name: int) -> None:
        number = 0
        while not self._stop.is_set():
            events = [event(f"{name}-{number}-{i}") for i in range(1 + number % 20)]
            outcomes = await self._until_taken(events)
            assert {one.status for one in outcomes} <= {"stored", "duplicate"}
            self._note(events, outcomes)
            number += 1

    async def _until_taken(self, events: list[NewEvent]) -> list[Outcome]:
        while True:
            try:
                return await self._log.append(events)
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.2)

    def _note(self, events: list[NewEvent], outcomes: list[Outcome]) -> None:
        now = time.monotonic()
        self.gap_s, self._last = max(self.gap_s, now - self._last), now
        for one, outcome in zip(events, outcomes, strict=True):
            self.acknowledged[one.message_id] = outcome.offset

    async def run(self, faults: Any) -> None:
        """Send while the faults happen, and a moment longer."""
        senders = [asyncio.create_task(self.one(number)) for number in range(CLIENTS)]
        await asyncio.sleep(1)
        await faults
        await asyncio.sleep(2)
        self._stop.set()
        async with asyncio.timeout(BACK_WITHIN_S):
            await asyncio.gather(*senders)


def check_all_there_once(reader: Any, acknowledged: dict[str, int]) -> None:
    stored = {}
    while page := reader.read(len(stored), 10_000):
        stored |= {one.offset: one.body for one in page}
    assert list(stored) == list(range(1, reader.end() + 1)), "offsets are dense"
    assert len(set(stored.values())) == len(stored), "nothing is there twice"
    for message_id, offset in acknowledged.items():
        assert stored[offset] == event(message_id).body


async def test_a_killed_broker_loses_and_repeats_nothing(
    tmp_path: Path, kafka_bootstrap: str, engines: Any
) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap)
    clients = Clients(log)

    async def kill_one_after_the_other() -> None:
        for broker in BROKERS[:2]:
            dead = engines.server(broker).pid
            os.kill(dead, signal.SIGKILL)
            began = time.monotonic()
            while (state := engines.server(broker)).phase != "ready" or state.pid == dead:
                assert time.monotonic() < began + BACK_WITHIN_S
                await asyncio.sleep(0.1)
            await asyncio.sleep(3)

    await clients.run(kill_one_after_the_other())
    log.close()
    assert len(clients.acknowledged) > 1000
    assert clients.gap_s < BACK_WITHIN_S
    reader = kafka_reader(tmp_path, kafka_bootstrap)
    check_all_there_once(reader, clients.acknowledged)
    reader.close()
    print(f"acknowledged {len(clients.acknowledged)}, refused {clients.refused} calls,"
          f" longest gap {clients.gap_s:.1f} s")  # fmt: skip


@contextmanager
def frozen(engines: Any, brokers: tuple[str, ...]) -> Iterator[None]:
    pids = [engines.server(broker).pid for broker in brokers]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_without_enough_replicas_nothing_is_acknowledged_and_the_door_closes(
    tmp_path: Path, kafka_bootstrap: str, engines: Any
) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap)
    assert await log.append([event("before")]) == [Outcome("stored", 1)]
    with frozen(engines, BROKERS[:2]):
        began = time.monotonic()
        calls = [asyncio.create_task(log.append([event(f"lost-{i}")])) for i in range(5)]
        await asyncio.sleep(4)
        for number in range(100):  # turned away at once: nothing gathers in memory
            with pytest.raises(Unavailable) as refusal:
                await log.append([event(f"door-{number}")])
            assert refusal.value.retry_after_s
        assert time.monotonic() - began < 8
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in done} == {Unavailable}
        assert time.monotonic() - began < 15
        reader = kafka_reader(tmp_path, kafka_bootstrap)
        assert reader.end() == 1
    clients = Clients(log)
    for number in range(5):  # what was not answered is sent again, and counts once
        outcomes = await clients._until_taken([event(f"lost-{number}")])
        assert outcomes[0].status in {"stored", "duplicate"}
        clients.acknowledged[f"lost-{number}"] = outcomes[0].offset
    assert sorted(clients.acknowledged.values()) == [2, 3, 4, 5, 6]
    check_all_there_once(reader, clients.acknowledged)
    reader.close()
    log.close()


async def test_a_writer_that_was_taken_for_dead_can_write_no_more(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    zombie = kafka_log(tmp_path / "home", kafka_bootstrap)
    await zombie.append([event("a")])
    place = place_for(tmp_path / "home", kafka_bootstrap)
    heir = KafkaEventLog(place, tmp_path / "other home")
    with pytest.raises(Unavailable):
        await zombie.append([event("b", b"by the zombie")])
    assert isinstance(zombie.broken, Broken)
    assert "taken this topic over" in zombie.broken.explain("en")
    with pytest.raises(Unavailable):
        await zombie.append([event("c")])
    assert await heir.append([event("a"), event("b")]) == [
        Outcome("duplicate", 1),
        Outcome("stored", 2),
    ]
    zombie.close()
    heir.close()


async def test_when_one_lane_is_lost_the_other_commits_nothing_more(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    """What the lost one's last transaction came to is not known: its offsets must not be given."""
    log = kafka_log(tmp_path, kafka_bootstrap)
    await log.append([event("a")])
    topic = place_for(tmp_path, kafka_bootstrap).topic
    taker = Producer({"bootstrap.servers": kafka_bootstrap, "transactional.id": f"{topic}.1"})
    taker.init_transactions(30)
    for name in "bcd":
        with pytest.raises(Unavailable):
            await log.append([event(name)])
    assert isinstance(log.broken, Broken)
    log.close()
    log = kafka_log(tmp_path, kafka_bootstrap)
    assert await log.append([event("d")]) == [Outcome("stored", 2)]
    log.close()


def test_a_home_has_one_writer(tmp_path: Path, kafka_bootstrap: str) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap)
    with pytest.raises(Unavailable, match="another process"):
        kafka_log(tmp_path, kafka_bootstrap)
    log.close()


WRITER = """
import asyncio, sys, time
from pathlib import Path
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.kafka.lanes import Lane
from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.place import place_of

mode, url, folder, round_ = sys.argv[1:]

def hang(lane):
    print("sent", flush=True)
    time.sleep(600)

async def client(log, name):
    number = 0
    while True:
        ids = [f"{name}-{number}-{i}" for i in range(1 + number % 5)]
        outcomes = await log.append(
            [NewEvent("web", i, b'{"message_id":"' + i.encode() + b'"}', b"12345678") for i in ids]
        )
        for i, outcome in zip(ids, outcomes):
            print("ack", i, outcome.offset, flush=True)
        number += 1

async def main():
    log = KafkaEventLog(place_of(url), Path(folder), table_keys_max=100)
    if mode == "hang":
        Lane._commit = hang
    await asyncio.gather(*(client(log, f"{round_}-{c}") for c in range(8)))

asyncio.run(main())
"""


def lines_until_killed(mode: str, url: str, folder: Path, round_: int, lines: int) -> list[str]:
    """Run the writer, kill it when it has said so many lines; return what it had said."""
    command = [sys.executable, "-c", WRITER, mode, url, str(folder), str(round_)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [next(writer.stdout) for _ in range(lines)]
    writer.send_signal(signal.SIGKILL)
    told += [line for line in writer.stdout if line.endswith("\n")]
    writer.stdout.close()
    assert writer.wait() == -signal.SIGKILL
    return told


async def test_a_group_that_was_sent_and_not_committed_was_never_there(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap)
    await log.append([event("a"), event("b")])
    log.close()
    url = url_for(tmp_path, kafka_bootstrap)
    assert lines_until_killed("hang", url, tmp_path, 0, 1)[0] == "sent\n"
    log = kafka_log(tmp_path, kafka_bootstrap)
    assert await log.append([event("c"), event("b")]) == [
        Outcome("stored", 3),
        Outcome("duplicate", 2),
    ]
    log.close()
    told = headers_seen(kafka_bootstrap, place_for(tmp_path, kafka_bootstrap).topic, 3)
    assert sorted(told) == ["1 web a", "2 web b", "3 web c"]


def headers_seen(bootstrap: str, topic: str, count: int) -> list[str]:
    """Return what a plain consumer, which knows nothing of us, sees of the topic."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "stranger", "auto.offset.reset": "earliest"}
    )
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
    found = [message.headers() for message in consumer.consume(count + 1, 5.0)]
    consumer.close()
    return [" ".join(value.decode() for _, value in headers[:3]) for headers in found]


async def test_a_killed_writer_loses_and_repeats_nothing(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    url = url_for(tmp_path, kafka_bootstrap)
    acknowledged: dict[str, int] = {}
    for round_ in range(3):
        lines = lines_until_killed("run", url, tmp_path, round_, 300 + 37 * round_)
        said = [line.split() for line in lines if line.startswith("ack ")]
        acknowledged |= {one: int(offset) for _, one, offset in said}
        if round_ == 1:
            shutil.rmtree(tmp_path)  # the intake's disk is lost too
    log = kafka_log(tmp_path, kafka_bootstrap, table_keys_max=100)
    reader = kafka_reader(tmp_path, kafka_bootstrap)
    stored = {one.offset: one.body for one in reader.read(0, 1_000_000)}
    assert list(stored) == list(range(1, reader.end() + 1))
    assert len(set(stored.values())) == len(stored)
    for message_id, offset in acknowledged.items():
        assert stored[offset] == b'{"message_id":"%b"}' % message_id.encode()
    some = sorted(acknowledged)[:: len(acknowledged) // 40]
    again = await log.append([event(one) for one in some])
    assert again == [Outcome("duplicate", acknowledged[one]) for one in some]
    reader.close()
    log.close()


async def test_helps_that_are_damaged_are_read_from_the_topic(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap, table_keys_max=50)
    for number in range(6):
        await log.append([event(f"{number}-{i}") for i in range(50)])
        log.settle()
    keys = (tmp_path / "keys").read_bytes()
    (tmp_path / "keys").write_bytes(keys[:3200] + b"torn" * 40 + keys[3360:6000])
    (tmp_path / "positions.3").write_bytes(b"nothing of use")
    assert await log.append([event("2-0")]) == [Outcome("duplicate", 101)]
    other = NewEvent("web", "5-49", b"other", b"otherone")
    assert await log.append([other]) == [Outcome("conflict", 300)]
    log.close()
    log = kafka_log(tmp_path, kafka_bootstrap, table_keys_max=50)
    assert await log.append([event("4-7"), event("new")]) == [
        Outcome("duplicate", 208),
        Outcome("stored", 301),
    ]
    reader = kafka_reader(tmp_path, kafka_bootstrap)
    assert [one.offset for one in reader.read(250, 2)] == [251, 252]
    reader.close()
    log.close()


async def test_a_topic_that_ends_before_what_was_acknowledged_is_told(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    log = kafka_log(tmp_path, kafka_bootstrap)
    await log.append([event("a"), event("b")])
    log.close()
    watermark = Watermark(tmp_path, writable=True)
    watermark.move(9, 9)
    watermark.close()
    with pytest.raises(Broken, match="the topic ends at 2, but all up to 9 was acknowledged"):
        kafka_log(tmp_path, kafka_bootstrap)


async def test_a_topic_that_was_made_anew_is_not_taken_for_the_log(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415  # here only

    log = kafka_log(tmp_path, kafka_bootstrap)
    await log.append([event("a")])
    log.close()
    place = place_for(tmp_path, kafka_bootstrap)
    admin = AdminClient(place.settings("test"))
    admin.delete_topics([place.topic])[place.topic].result(30)
    await asyncio.sleep(1)
    with pytest.raises(InvalidInput, match="is not the one"):
        kafka_log(tmp_path, kafka_bootstrap)


def test_a_topic_that_is_set_otherwise_is_told_with_the_command_that_mends_it(
    tmp_path: Path, kafka_bootstrap: str
) -> None:
    from confluent_kafka.admin import AdminClient, NewTopic  # noqa: PLC0415  # here only

    place = place_for(tmp_path, kafka_bootstrap)
    admin = AdminClient(place.settings("test"))
    new = NewTopic(place.topic, 2, 3, config={"min.insync.replicas": "1"})
    admin.create_topics([new])[place.topic].result(30)
    with pytest.raises(InvalidInput, match=r"has 2 partitions, not 3; say partitions=2"):
        open_topic(place)
    url = url_for(tmp_path, kafka_bootstrap)
    from queqiao.ports.event_log.kafka.place import place_of  # noqa: PLC0415  # here only

    with pytest.raises(InvalidInput, match=r"kafka-configs\.sh .*retention\.ms=-1") as refusal:
        open_topic(place_of(url.replace("partitions=3", "partitions=2")))
    told = refusal.value.explain("en")
    assert "min.insync.replicas=2" in told
    assert "ports.event_log" in told


def test_more_replicas_than_brokers_are_refused(tmp_path: Path, kafka_bootstrap: str) -> None:
    from queqiao.ports.event_log.kafka.place import place_of  # noqa: PLC0415  # here only

    url = url_for(tmp_path, kafka_bootstrap) + "&replication=5"
    with pytest.raises(InvalidInput, match="3 brokers cannot hold 5 replicas"):
        open_topic(place_of(url))
