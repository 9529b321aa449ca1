"""Commits gather the clients that come back after an answer, and keep nobody waiting for long."""

import asyncio
from pathlib import Path
from random import Random

import pytest

from queqiao.ports.event_log import gathering
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.dedup import DedupIndex
from queqiao.ports.event_log.embedded import EmbeddedEventLog
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.ports.event_log.gathering import Gathering
from queqiao.ports.event_log.group import Group
from queqiao.ports.event_log.sequencer import Sequencer
from queqiao.ports.event_log.sources import Sources


class Sends:
    """Counts what a gathering sends, and forgets it when asked."""

    def __init__(self) -> None:
        self.gathering = Gathering(self)
        self._count = 0

    def __call__(self) -> None:
        self.gathering.end()
        self._count += 1

    def take(self) -> int:
        count, self._count = self._count, 0
        return count


@pytest.fixture
async def sends() -> Sends:
    return Sends()


async def turn() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def test_who_calls_alone_never_waits(sends: Sends) -> None:
    for _ in range(3):
        sends.gathering.begin(busy=False)
        sends.gathering.joined(1)
        await turn()
        assert sends.take() == 1
        sends.gathering.expect(1)


async def test_a_group_is_sent_once_all_who_are_expected_have_joined(
    sends: Sends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "GATHER_S", 60.0)
    sends.gathering.expect(3)
    sends.gathering.begin(busy=False)
    for callers in (1, 2):
        sends.gathering.joined(callers)
        await turn()
        assert sends.take() == 0
    sends.gathering.joined(3)
    await turn()
    assert sends.take() == 1


async def test_who_stays_away_is_waited_for_in_vain_only_so_long(sends: Sends) -> None:
    sends.gathering.expect(100)
    sends.gathering.begin(busy=False)
    sends.gathering.joined(1)
    await turn()
    assert sends.take() == 0
    await asyncio.sleep(gathering.GATHER_S * 5)
    assert sends.take() == 1


async def test_nobody_is_waited_for_while_other_commits_run(sends: Sends) -> None:
    sends.gathering.expect(100)
    sends.gathering.begin(busy=True)
    await turn()
    assert sends.take() == 1


async def test_what_is_gone_is_not_sent_later(sends: Sends) -> None:
    sends.gathering.expect(2)
    sends.gathering.begin(busy=False)
    sends.gathering.end()
    sends.gathering.joined(2)
    await asyncio.sleep(gathering.GATHER_S * 5)
    assert sends.take() == 0


async def test_clients_that_come_back_one_by_one_share_their_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "GATHER_S", 0.1)  # a machine that is busy with other tests
    log = EmbeddedEventLog(tmp_path)
    random, clients, rounds = Random(618), 8, 30

    async def client(name: str) -> None:
        for number in range(rounds):
            await asyncio.sleep(random.uniform(0, 0.004))
            await log.append([NewEvent("web", f"{name}-{number}", b"{}", b"12345678")])

    await asyncio.gather(*(client(str(number)) for number in range(clients)))
    log.close()
    reader = EmbeddedEventLogReader(tmp_path)
    frames = list(reader.records(0))
    reader.close()
    assert sum(frame.count for frame in frames) == clients * rounds
    assert len(frames) <= rounds * 1.5  # two half groups in turn would make 2 commits a round


async def test_what_comes_while_the_owner_may_not_send_is_one_group(tmp_path: Path) -> None:
    sent: list[Group] = []
    index = DedupIndex(tmp_path / "index", 0, lambda _: (b"", b""), 1000)
    may_send = True
    sequencer = Sequencer(
        index, Sources(tmp_path), 1, 0, sent.append, at_once=2, may_send=lambda: may_send
    )

    async def call(name: str) -> None:
        await sequencer.append([NewEvent("web", name, b"{}", b"12345678")])

    callers = [asyncio.create_task(call("first"))]
    await asyncio.sleep(0.01)
    may_send = False
    for number in range(5):
        callers.append(asyncio.create_task(call(f"{number}")))
        await asyncio.sleep(0.01)
    assert [len(group.bodies) for group in sent] == [1], "there was room, but the owner waits"
    may_send = True
    sequencer.go_on()
    await asyncio.sleep(0.01)
    assert [len(group.bodies) for group in sent] == [1, 5]
    for group in sent:
        sequencer.ended(group, None)
    await asyncio.gather(*callers)
    assert sequencer.committed == 6
    index.close()
