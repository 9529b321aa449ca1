"""The laws of the event log: what every adapter promises, each as one check.

They are bound to a log that the checks have for themselves: each uses message ids of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from queqiao.kernel.errors import Message
from queqiao.ports.event_log.base import EventLog, EventLogReader, NewEvent, Outcome
from queqiao.ports.laws import Law, equal, hold

READ_AT_ONCE = 1000


class Bench(NamedTuple):
    """A log and a reader of it."""

    log: EventLog
    reader: EventLogReader


def laws(log: EventLog, reader: EventLogReader) -> list[Law]:
    """Return the laws bound to a log."""
    bench = Bench(log, reader)

    def law(zh: str, en: str, check: Callable[[Bench], Awaitable[None]]) -> Law:
        return Law(Message(zh, en), lambda: check(bench))

    return [
        law("位移从写入起连续递增", "offsets are dense, in the order of the appends", dense),
        law("已确认即可读", "what is acknowledged can be read", read_at_once),
        law("重复只存一次，答以原位移", "the same again is a duplicate", duplicates),
        law("同号异文是冲突，不存", "other content under a known id is a conflict", conflicts),
        law("一次调用之内也去重", "duplicates within one call count too", within_one_call),
        law("并发追加各得其位", "appends at the same time get offsets of their own", at_once),
        law("来源互不相干", "sources are apart", sources),
        law("从任一位移续读", "reading goes on from any offset", from_anywhere),
    ]


def event(message_id: str, content: bytes = b"{}", source: str = "laws") -> NewEvent:
    """Return an event as the checks store it."""
    return NewEvent(source, message_id, content, content[:8].ljust(8))


def _bodies(bench: Bench, after: int) -> list[bytes]:
    return [one.body for one in bench.reader.read(after, READ_AT_ONCE)]


async def dense(bench: Bench) -> None:
    """Append twice; the offsets go on from the end."""
    end = bench.reader.end()
    outcomes = await bench.log.append([event("dense-1"), event("dense-2")])
    outcomes += await bench.log.append([event("dense-3")])
    equal([one.offset for one in outcomes], [end + 1, end + 2, end + 3], "the offsets")
    equal(bench.reader.end(), end + 3, "the end")


async def read_at_once(bench: Bench) -> None:
    """Append bytes of any kind and read them back."""
    bodies = [b'{"user_id":"u1"}', "鹊桥".encode(), bytes(range(256)), b"x" * 100_000]
    end = bench.reader.end()
    await bench.log.append([event(f"read-{len(body)}", body) for body in bodies])
    equal(await asyncio.to_thread(_bodies, bench, end), bodies, "the bodies")


async def duplicates(bench: Bench) -> None:
    """Append an event again."""
    (first,) = await bench.log.append([event("again")])
    equal(
        await bench.log.append([event("again")]), [Outcome("duplicate", first.offset)], "the answer"
    )


async def conflicts(bench: Bench) -> None:
    """Append other content under the id of an event."""
    (first,) = await bench.log.append([event("conflict", b"one")])
    again = await bench.log.append([event("conflict", b"two")])
    equal(again, [Outcome("conflict", first.offset)], "the answer")
    found = await bench.log.find("conflict")
    equal([one.body for one in found], [b"one"], "what is stored")


async def within_one_call(bench: Bench) -> None:
    """Append an event twice in one call, and another content under its id."""
    outcomes = await bench.log.append([event("call"), event("call"), event("call", b"x")])
    equal([one.status for one in outcomes], ["stored", "duplicate", "conflict"], "the answers")
    equal(len({one.offset for one in outcomes}), 1, "how many offsets")


async def at_once(bench: Bench) -> None:
    """Append from many callers at the same time, one event in all of them."""
    end = bench.reader.end()
    calls = [bench.log.append([event("shared"), event(f"own-{n}")]) for n in range(20)]
    answers = await asyncio.gather(*calls)
    own = sorted(answer[1].offset for answer in answers)
    shared = {answer[0].offset for answer in answers}
    equal(len(shared), 1, "offsets of the shared event")
    equal(sorted([*own, *shared]), list(range(end + 1, end + 22)), "the offsets")


async def sources(bench: Bench) -> None:
    """Store the same message id of two sources."""
    await bench.log.append([event("apart", b"web", "web"), event("apart", b"app", "app")])
    equal(len(await bench.log.find("apart")), 2, "events of the id")
    (found,) = await bench.log.find("apart", "app")
    equal(found.body, b"app", "the event of one source")


async def from_anywhere(bench: Bench) -> None:
    """Read pages, and single events in the middle."""
    end = bench.reader.end()
    await bench.log.append([event(f"page-{n}", b"%d" % n) for n in range(200)])
    seen: list[int] = []
    while page := await asyncio.to_thread(bench.reader.read, end + len(seen), 37):
        seen += [one.offset for one in page]
    equal(seen, list(range(end + 1, end + 201)), "the offsets in pages")
    for after in (end + 150, end + 3):
        (one,) = await asyncio.to_thread(bench.reader.read, after, 1)
        equal(one.offset, after + 1, "the event after an offset")
    last = await asyncio.to_thread(bench.reader.recent, 2)
    hold([one.offset for one in last] == seen[-2:], f"the last two: {last!r}")
