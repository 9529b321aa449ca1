"""The laws of the records, each as one check on an empty store of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from time import monotonic
from typing import Any

from sqlalchemy import Connection, func, insert, select

from queqiao.kernel.errors import Conflict, Message
from queqiao.ports.laws import Law, equal, fails, hold
from queqiao.ports.records import artifacts, changes
from queqiao.ports.records.base import Records
from queqiao.ports.records.tables import changes as table
from queqiao.ports.records.tables import idempotency

Opener = Callable[[], Records]
"""Opens the same store again, as another process would."""

WRITES, WRITERS = 20, 4
TOLD_WITHIN_S = 2.0
"""About a second is promised; the other is for a busy machine."""


def laws(opener: Opener) -> list[Law]:
    """Return the laws bound to a store whose tables were made; each opens it for itself."""
    return [
        Law(Message(zh, en), _bound(check, opener))
        for zh, en, check in (
            ("重复升级不改变任何东西", "upgrading again changes nothing", upgraded_again),
            ("写入一个接一个", "writes are one after another", one_after_another),
            ("出错的写入不留痕迹", "a write that raises leaves nothing", leaves_nothing),
            ("读到的是一个时刻", "a read sees one moment", one_moment),
            (
                "变更流不遗漏",
                "the feed misses nothing",
                feed_is_whole,
            ),
            ("变更约一秒内传达", "a change is told in about a second", told_in_time),
            ("大数、字节与中文原样返回", "numbers, bytes and Chinese come back", comes_back),
        )
    ]


def _bound(check: Callable[[Opener], Awaitable[None]], opener: Opener) -> Any:
    return lambda: check(opener)


def _note_and_count(conn: Connection) -> int:
    changes.note(conn, "law", "x")
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


async def upgraded_again(opener: Opener) -> None:
    """Upgrade a store that is up to date."""
    with closing(opener()) as records:
        await records.write(lambda conn: changes.note(conn, "law", "x"))
        before = records.changes_since(0)
        records.upgrade()
        equal(records.changes_since(0), before, "the feed")


async def one_after_another(opener: Opener) -> None:
    """Count in several writers at once; each must see all the others before it."""
    stores = [opener() for _ in range(WRITERS)]
    try:
        start = await stores[0].write(_note_and_count)
        calls = [store.write(_note_and_count) for store in stores for _ in range(WRITES)]
        counts = sorted(await asyncio.gather(*calls))
        equal(counts, list(range(start + 1, start + 1 + len(calls))), "what each writer counted")
    finally:
        for store in stores:
            store.close()


async def leaves_nothing(opener: Opener) -> None:
    """Raise in the middle of a write."""

    def broken(conn: Connection) -> None:
        changes.note(conn, "law", "x")
        raise Conflict

    with closing(opener()) as records:
        before = records.changes_since(0)
        await fails(Conflict, records.write(broken), "a write that raises")
        equal(records.changes_since(0), before, "the feed after it")


async def one_moment(opener: Opener) -> None:
    """Write while a read looks twice."""
    with closing(opener()) as records, closing(opener()) as other:

        def look_twice(conn: Connection) -> tuple[int, int]:
            first = changes.latest(conn)
            other.write_now(lambda inner: changes.note(inner, "law", "b"))
            return first, changes.latest(conn)

        first, second = await records.read(look_twice)
        equal(second, first, "the second look of one read")


async def feed_is_whole(opener: Opener) -> None:
    """Follow another store's writes, and remove the newest change in between."""
    with closing(opener()) as records, closing(opener()) as other:
        seen = await records.read(changes.latest)
        for number in range(3):
            name = f"p{number}"
            other.write_now(lambda conn, name=name: changes.note(conn, "law", name))  # type: ignore[misc]  # bound now
        new = records.changes_since(seen)
        equal([change.id for change in new], ["p0", "p1", "p2"], "what is new")
        await records.write(lambda conn: conn.execute(table.delete()) and None)
        await records.write(lambda conn: changes.note(conn, "law", "p3"))
        hold(records.changes_since(0)[0].version > new[-1].version, "a version was used twice")


async def told_in_time(opener: Opener) -> None:
    """Wait for the feed while another store writes."""
    with closing(opener()) as records, closing(opener()) as other:
        feed, seen = records.feed(), await records.read(changes.latest)
        try:
            await feed.wait()
            await other.write(lambda conn: changes.note(conn, "law", "x"))
            began = monotonic()
            await feed.wait()
            took_s = monotonic() - began
            hold(took_s < TOLD_WITHIN_S, f"the feed was silent for {took_s:.1f} s after a commit")
            hold(len(records.changes_since(seen)) == 1, "the change was told and is not there")
        finally:
            await feed.close()


async def comes_back(opener: Opener) -> None:
    """Store the ends of the ranges and text of every kind."""
    text, number, body = "王小明 🎉 'quote' %s \\ \n", 2**62, bytes(range(256))
    row = {
        "principal": text[:20], "key": "law", "fingerprint": "f", "status": 200,
        "headers": text, "response": body, "at_us": number,
    }  # fmt: skip
    with closing(opener()) as records:
        await records.write(lambda conn: conn.execute(insert(idempotency).values(row)) and None)
        query = select(idempotency).where(idempotency.c.key == "law")
        found = await records.read(lambda conn: conn.execute(query).mappings().one())
        equal(dict(found), row, "the row")
        await records.write(lambda conn: artifacts.put(conn, "law", body, number))
        equal(await records.read(lambda conn: artifacts.get(conn, "law")), (1, body), "the bytes")
