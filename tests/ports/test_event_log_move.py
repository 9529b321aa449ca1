"""An embedded log carried over to Kafka: the same events at the same offsets, known as before."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import Consumer
from tests.ports.kafka_log import kafka_log, kafka_reader, place_for, url_for
from tests.ports.test_event_log_rewriting import SECRET, event, often, without_who  # noqa: F401

from queqiao.kernel.errors import Conflict
from queqiao.ports.event_log.base import NewEvent, StoredEvent
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.kafka.log import KafkaEventLog
from queqiao.ports.event_log.kafka.move import Sent, forget, move

pytestmark = pytest.mark.engines

FRAMES = (1, 1, 20, 300, 1, 100, 700, 1, 5)
EVENTS = sum(FRAMES)


class House:
    """An embedded log and, beside it, what the intake will keep of the topic."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        self.source, self.folder = folder / "log", folder / "kafka_log"
        self.place, self.bootstrap = place_for(self.folder, bootstrap), bootstrap
        self.events: list[NewEvent] = []

    async def grow(self, frames: tuple[int, ...] = FRAMES) -> None:
        log = EmbeddedEventLog(self.source, table_keys_max=500)
        for count in frames:
            new = [event(len(self.events) + one) for one in range(count)]
            await log.append(new)
            self.events += new
        log.settle()
        log.close()

    async def erase(self, offsets: list[int]) -> None:
        log, reader = EmbeddedEventLog(self.source), EmbeddedEventLogReader(self.source)
        old = [reader.read(offset - 1, 1)[0] for offset in offsets]
        await log.rewrite([StoredEvent(one.offset, without_who(one.body)) for one in old])
        reader.close()
        log.close()

    async def move(self, *, ahead: bool = False) -> Sent:
        return await move(self.source, self.place, self.folder, ahead=ahead, told=lambda *_: None)

    def held(self) -> list[StoredEvent]:
        reader = EmbeddedEventLogReader(self.source)
        try:
            return reader.read(0, len(self.events) + 1)
        finally:
            reader.close()

    async def check(self) -> None:
        """The log in Kafka answers as the embedded one does, whatever is asked of it."""
        log, reader = (
            kafka_log(self.folder, self.bootstrap),
            kafka_reader(self.folder, self.bootstrap),
        )
        try:
            held = self.held()
            assert reader.end() == len(held) == len(self.events)
            assert reader.read(0, len(held) + 1) == held
            middle = len(held) // 2
            assert reader.read(middle, 10) == held[middle : middle + 10]
            again = await log.append(self.events)
            assert [one.status for one in again] == ["duplicate"] * len(held)
            assert [one.offset for one in again] == [one.offset for one in held]
            first = self.events[0]
            other = NewEvent(first.source, first.message_id, first.body, b"another!")
            assert (await log.append([other]))[0].status == "conflict"
            found = await log.find(self.events[middle].message_id)
            assert [one.offset for one in found] == [middle + 1]
            fresh = event(10_000_000)
            assert (await log.append([fresh]))[0].offset == len(held) + 1
            self.events.append(fresh)
            assert reader.read(len(held), 2)[0].body == fresh.body
        finally:
            reader.close()
            log.close()


@pytest.fixture
def house(tmp_path: Path, kafka_bootstrap: str) -> House:
    return House(tmp_path, kafka_bootstrap)


@pytest.mark.engines_ci
async def test_all_is_there_at_its_offset_and_known_as_before(house: House) -> None:
    await house.grow()
    assert await house.move() == (EVENTS, EVENTS)
    assert await house.move() == (0, EVENTS)
    await house.check()


async def test_what_is_copied_ahead_is_not_sent_again(house: House) -> None:
    await house.grow()
    assert await house.move(ahead=True) == (EVENTS, EVENTS)
    with pytest.raises(Conflict, match="in part only"):
        kafka_log(house.folder, house.bootstrap)
    await house.grow((3, 40))
    assert await house.move(ahead=True) == (43, EVENTS + 43)
    await house.grow((7,))
    assert await house.move() == (7, EVENTS + 50)
    await house.check()


async def test_who_was_erased_stays_erased_and_is_still_a_duplicate(house: House) -> None:
    """Frames that fit their place and frames apart; also when the intake's own files are lost."""
    await house.grow()
    gone = sorted({1, 2, 322, *Random(1).sample(range(1, EVENTS + 1), 60)})
    await house.erase(gone)
    held = house.held()
    assert SECRET.encode() in held[2].body
    assert not any(SECRET.encode() in held[offset - 1].body for offset in gone)
    await house.move()
    await house.check()
    shutil.rmtree(house.folder)
    log = kafka_log(house.folder, house.bootstrap)
    again = await log.append(house.events)
    log.close()
    assert [one.status for one in again] == ["duplicate"] * len(house.events)


async def test_an_erasure_after_the_copy_is_noticed_and_copied_anew(house: House) -> None:
    await house.grow()
    await house.move(ahead=True)
    await house.erase([5, 900])
    with pytest.raises(Conflict, match="--anew"):
        await house.move()
    forget(house.place, house.folder)
    with pytest.raises(Conflict, match="no copy of the log is here"):
        forget(house.place, house.folder)
    assert await house.move() == (EVENTS, EVENTS)
    await house.check()


async def test_a_topic_with_another_log_is_left_alone(house: House, tmp_path: Path) -> None:
    await house.grow()
    log = kafka_log(house.folder, house.bootstrap)
    await log.append([event(77)])
    log.close()
    with pytest.raises(Conflict, match="this home has a log in Kafka already"):
        await house.move()
    shutil.rmtree(house.folder)
    with pytest.raises(Conflict, match="another log"):
        await house.move()
    reader = kafka_reader(house.folder, house.bootstrap)
    assert not (house.folder / "topic.json").exists()
    reader.close()


async def test_a_refused_move_fences_nobody(house: House) -> None:
    """Somebody's system writes the topic: it goes on after the move was refused."""
    await house.grow()
    theirs = house.folder.with_name("theirs")
    log = KafkaEventLog(house.place, theirs)
    try:
        await log.append([event(77)])
        with pytest.raises(Conflict, match="another log"):
            await house.move(ahead=True)
        assert (await log.append([event(78)]))[0].offset == 2
    finally:
        log.close()


async def test_anew_deletes_no_other_topic(house: House, tmp_path: Path) -> None:
    await house.grow((5, 20))
    await house.move(ahead=True)
    other = place_for(tmp_path / "other", house.bootstrap)
    log = KafkaEventLog(other, tmp_path / "other")
    await log.append([event(77)])
    log.close()
    with pytest.raises(Conflict, match="not the one that the copy went to"):
        forget(other, house.folder)
    log = KafkaEventLog(other, tmp_path / "other")
    assert (await log.append([event(78)]))[0].offset == 2
    log.close()
    assert await house.move() == (0, 25)
    await house.check()


async def test_a_whole_copy_may_be_made_anew_until_it_was_written(house: House) -> None:
    """It was whole and, before that was noted, killed; then somebody was erased."""
    await house.grow()
    await house.move()
    await house.erase([5, 900])
    with pytest.raises(Conflict, match="--anew"):
        await house.move()
    forget(house.place, house.folder)
    assert await house.move() == (EVENTS, EVENTS)
    await house.check()
    with pytest.raises(Conflict, match="written since"):
        forget(house.place, house.folder)


async def test_a_topic_that_went_on_since_is_not_overwritten(house: House) -> None:
    await house.grow((5,))
    await house.move()
    log = kafka_log(house.folder, house.bootstrap)
    await log.append([event(77)])
    log.close()
    with pytest.raises(Conflict, match="written since"):
        await house.move()


async def test_an_empty_log_is_moved_at_once(house: House) -> None:
    await house.grow(())
    assert await house.move() == (0, 0)
    log = kafka_log(house.folder, house.bootstrap)
    assert (await log.append([event(1)]))[0].offset == 1
    log.close()


@pytest.mark.engines_ci
async def test_kill_9_in_the_middle_and_again_leaves_nothing_out_nor_twice(house: House) -> None:
    await house.grow((20, 1, 1, 100) * 40)
    await house.erase([3, 500, 1_100])
    random, total = Random(9), len(house.events)
    stopped_at = [
        await asyncio.to_thread(kill_after, house, random.randrange(5, 30)) for _ in range(4)
    ]
    assert any(0 < offset < total for offset in stopped_at), stopped_at
    sent = await house.move()
    assert sent.last == total
    assert records_of(house) == [one.offset for one in house.held()]
    await house.check()


def kill_after(house: House, lines: int) -> int:
    """Let a process copy, and kill it after so many words of it; return how far it had come."""
    url = url_for(house.folder, house.bootstrap)
    command = [sys.executable, "-m", "tests.ports.log_mover", house.source, url, house.folder]
    offset = 0
    with subprocess.Popen(map(str, command), stdout=subprocess.PIPE, text=True) as process:
        for _ in range(lines):
            line = process.stdout.readline()
            if not line:
                break
            offset = int(line.split()[0])
        process.kill()
    return offset


def records_of(house: House) -> list[int]:
    """Return the offsets of all committed records, as any consumer sees them, sorted."""
    consumer = Consumer(
        {
            "bootstrap.servers": house.bootstrap,
            "group.id": f"{house.place.topic}.test",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    consumer.subscribe([house.place.topic])
    found, ended = [], 0
    while ended < 3:
        for message in consumer.consume(1_000, 1.0):
            if message.error() is None:
                found.append(int(dict(message.headers())["offset"]))
            else:
                ended += 1
    consumer.close()
    return sorted(found)
