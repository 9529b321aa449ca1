"""The laws of profile rows, each as one check on rows of its own.

They are the contract of ``base.py`` told by examples. The rows are opened with ``FAMILIES``; a
store that is given to them needs no other rows, but may have some.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from queqiao.kernel.errors import Conflict, InvalidInput, Message
from queqiao.ports.laws import Law, equal, fails, hold
from queqiao.ports.profile_rows.base import (
    AMOUNT_MAX,
    KEY_BYTES_MAX,
    ROWS_AT_ONCE_MAX,
    VALUE_BYTES_MAX,
    Columns,
    Family,
    ProfileRows,
    Row,
    counted,
    counter,
)

TTL_S = 2
FAMILIES = (Family("a"), Family("b"), Family("short", TTL_S))
"""What the laws need of a store: two families that stay, and one whose cells soon die."""

Check = Callable[[ProfileRows, str], Awaitable[None]]

AT_ONCE = 20
ADDITIONS = 10
MODEL_STEPS = 300
_WIDE = 500


def laws(rows: ProfileRows, place: str) -> list[Law]:
    """Return the laws bound to a store; ``place`` begins every key that they use."""
    return [
        Law(Message(zh, en), _bound(check, rows, f"{place}:{check.__name__}:"))
        for zh, en, check in (
            ("写了就读得到，别的列不动", "what was put is read, other columns stay", put_and_get),
            ("写入时刻随写入更新", "a cell tells when it was written", written),
            ("宽行：上千列一起读写", "a wide row is read and written whole", wide),
            ("任何字节、任何文本的键", "any bytes, and keys of any text", any_bytes),
            ("相符才写，一步完成", "check and put is one step", check_and_put),
            ("并发的相符才写，只有一个成功", "of many checks at once one succeeds", one_of_many),
            ("计数器不丢一次", "counters lose none of many at once", counters),
            ("同名的加法只算一次", "an addition counts once by its name", once),
            ("计数器与普通列不混", "counters and other cells are not mixed up", no_counters),
            ("按前缀按序扫描，每行一次", "scans in order, each row once", scanned),
            ("到期的格读不到", "a cell is not seen after its time", short_lived),
            ("删除整行，从头再来", "a deleted row is gone, and begins anew", deleted),
            ("错误的调用什么也不改", "errors change nothing", errors_change_nothing),
            (f"{MODEL_STEPS} 步与模型一致", f"{MODEL_STEPS} steps equal the model", as_modelled),
        )
    ]


def _bound(check: Check, rows: ProfileRows, place: str) -> Callable[[], Awaitable[None]]:
    return lambda: check(rows, place)


def values(row: Row | None) -> dict[str, bytes]:
    """Return what the cells of a row hold."""
    return {column: cell.value for column, cell in (row or {}).items()}


async def _values(rows: ProfileRows, key: str) -> dict[str, bytes]:
    return values((await rows.get([key])).get(key))


async def put_and_get(rows: ProfileRows, at: str) -> None:
    """Write two rows, then some columns of one."""
    one, other, none = at + "1", at + "2", at + "none"
    await rows.put({one: {"a:x": b"1", "b:y": b"2"}, other: {"a:x": b"9"}})
    await rows.put({one: {"a:x": b"3", "a:z": b"4"}})
    found = await rows.get([one, other, none])
    wanted = {one: {"a:x": b"3", "a:z": b"4", "b:y": b"2"}, other: {"a:x": b"9"}}
    equal({key: values(row) for key, row in found.items()}, wanted, "the rows")
    equal(await rows.get([]), {}, "no keys")


async def written(rows: ProfileRows, at: str) -> None:
    """Write a cell twice, and look at when."""
    await rows.put({at: {"a:x": b"1", "a:y": b"1"}})
    first = (await rows.get([at]))[at]
    await asyncio.sleep(0.02)
    await rows.put({at: {"a:x": b"2"}})
    second = (await rows.get([at]))[at]
    before, after = first["a:x"].written_us, second["a:x"].written_us
    hold(after > before, f"written again {after - before} us later")
    equal(second["a:y"], first["a:y"], "the cell that was not written")


async def wide(rows: ProfileRows, at: str) -> None:
    """Write many columns, in two families."""
    columns = {f"{'ab'[n % 2]}:{n:04}": bytes([n % 256]) * 20 for n in range(_WIDE)}
    await rows.put({at: columns})
    equal(await _values(rows, at), columns, f"{_WIDE} columns")


async def any_bytes(rows: ProfileRows, at: str) -> None:
    """Write what is awkward: no bytes, all bytes, long ones; keys in other scripts."""
    keys = [at + "%", at + "_", at + " ", at + "鹊桥", at + "🪶", at + "a\nb", at + "é" * 300]
    cells = {
        "a:empty": b"",
        "a:all": bytes(range(256)),
        "b:列:名 ✓": b"\0",
        "b:long": b"\xff" * 100_000,
    }
    await rows.put(dict.fromkeys(keys, cells))
    found = await rows.get(keys)
    equal({key: values(row) for key, row in found.items()}, dict.fromkeys(keys, cells), "cells")
    largest = {"a:x": bytes(range(256)) * (VALUE_BYTES_MAX // 256)}
    await rows.put({at: largest})
    equal(await _values(rows, at), largest, "the largest cell")


async def check_and_put(rows: ProfileRows, at: str) -> None:
    """Put on nothing, on what is there, and on what is not."""
    hold(await rows.check_and_put(at, "a:v", None, {"a:v": b"1", "b:x": b"x"}), "none on nothing")
    hold(not await rows.check_and_put(at, "a:v", None, {"a:v": b"2"}), "none on something")
    hold(not await rows.check_and_put(at, "a:v", b"0", {"b:x": b"y"}), "on something else")
    hold(await rows.check_and_put(at, "a:v", b"1", {"a:v": b"", "b:z": b"z"}), "on what is there")
    hold(await rows.check_and_put(at, "a:v", None, {"b:z": b"0"}), "an empty cell is none")
    hold(await rows.check_and_put(at, "a:v", b"", {"b:z": b"w"}), "on an empty cell")
    equal(await _values(rows, at), {"a:v": b"", "b:x": b"x", "b:z": b"w"}, "the row")


async def one_of_many(rows: ProfileRows, at: str) -> None:
    """Let many take one place at once."""
    tries = [rows.check_and_put(at, "a:v", None, {"a:v": b"%d" % n}) for n in range(AT_ONCE)]
    took = await asyncio.gather(*tries)
    equal(sum(took), 1, "of many at once")
    equal(await _values(rows, at), {"a:v": b"%d" % took.index(True)}, "the one that took it")


async def counters(rows: ProfileRows, at: str) -> None:
    """Add from many sides at once."""

    async def many(side: int) -> list[int]:
        named = (f"{side}-{n}" if side % 2 else "" for n in range(ADDITIONS))
        return [await rows.add(at, "b:n", 1, name) for name in named]

    told = await asyncio.gather(*(many(side) for side in range(AT_ONCE)))
    total = AT_ONCE * ADDITIONS
    seen = sorted(one for side in told for one in side)
    equal(seen, list(range(1, total + 1)), "what the additions were told")
    equal(counter((await rows.get([at]))[at]["b:n"].value), total, "the counter")
    equal(await rows.add(at, "b:big", AMOUNT_MAX - 1), AMOUNT_MAX - 1, "a large amount")
    equal(await rows.add(at, "b:big", 1), AMOUNT_MAX, "the largest number")


async def once(rows: ProfileRows, at: str) -> None:
    """Say additions again, one after the other and at once."""
    equal(await rows.add(at, "a:n", 5, "first"), 5, "the first time")
    equal(await rows.add(at, "a:n", 2), 7, "one without a name")
    equal(await rows.add(at, "a:n", 5, "first"), 5, "the first one again")
    equal(await rows.add(at, "a:m", 1, "first"), 1, "the same name in another column")
    again = await asyncio.gather(*(rows.add(at, "a:n", 1, "second") for _ in range(AT_ONCE)))
    equal(set(again), {8}, "one name at once")
    equal(set(await _values(rows, at)), {"a:n", "a:m"}, "the columns that a reader sees")


async def no_counters(rows: ProfileRows, at: str) -> None:
    """Take a text for a counter, and put a counter."""
    await rows.put({at: {"a:text": b"ten", "a:n": counted(41)}})
    await fails(Conflict, rows.add(at, "a:text", 1), "adding to a text")
    await fails(Conflict, rows.add(at, "a:text", 1, "named"), "adding to a text by name")
    equal(await rows.add(at, "a:n", 1), 42, "adding to a counter that was put")
    equal((await _values(rows, at))["a:text"], b"ten", "the text")


async def scanned(rows: ProfileRows, at: str) -> None:
    """Scan what lies between other keys, in parts of every size."""
    inside = sorted((f"{at}p/{n}" for n in (*range(23), "é", "\x7f", "￿", "🪶")), key=str.encode)
    around = [f"{at}p", f"{at}p.", f"{at}p0", f"{at}q/1"]
    await rows.put({key: {"a:k": key.encode()} for key in (*inside, *around)})
    for limit in (1, 5, len(inside), 100):
        found: list[tuple[str, Row]] = []
        cursor: str | None = None
        while True:
            page = await rows.scan(f"{at}p/", cursor, limit)
            hold(len(page.rows) <= limit, f"{len(page.rows)} rows where {limit} were asked for")
            found += page.rows
            cursor = page.cursor
            if cursor is None:
                break
        equal([key for key, _ in found], inside, f"keys in parts of {limit}")
        equal([values(row)["a:k"].decode() for _, row in found], inside, "their cells")
    equal(await rows.scan(f"{at}nothing"), ([], None), "a scan of nothing")
    many = [f"{at}many/{n:04}" for n in range(ROWS_AT_ONCE_MAX + 1)]
    for some in (many[:-1], many[-1:]):
        await rows.put({key: {"a:k": b"1"} for key in some})
    page = await rows.scan(f"{at}many/", None, ROWS_AT_ONCE_MAX)
    equal([key for key, _ in page.rows], many[:-1], "as many as may be asked for")
    rest = await rows.scan(f"{at}many/", page.cursor, ROWS_AT_ONCE_MAX)
    equal([key for key, _ in rest.rows], many[-1:], "what is left")


async def short_lived(rows: ProfileRows, at: str) -> None:
    """Write what soon dies, renew some of it, and wait."""
    await rows.put({at + "1": {"short:x": b"1", "short:y": b"1", "a:k": b"1"}})
    await rows.put({at + "2": {"short:x": b"1"}})
    await rows.add(at + "1", "short:n", 5, "before")
    await asyncio.sleep(TTL_S * 0.6)
    await rows.put({at + "1": {"short:x": b"2"}})
    await asyncio.sleep(TTL_S * 0.6)
    equal(await _values(rows, at + "1"), {"short:x": b"2", "a:k": b"1"}, "a renewed cell")
    equal(await rows.get([at + "2"]), {}, "a row of dead cells only")
    equal([key for key, _ in (await rows.scan(at)).rows], [at + "1"], "a scan")
    hold(await rows.check_and_put(at + "2", "short:x", None, {"a:k": b"2"}), "a dead cell is none")
    equal(await rows.add(at + "1", "short:n", 1), 1, "a dead counter begins anew")
    await rows.tidy()
    equal(set(await _values(rows, at + "1")), {"short:x", "short:n", "a:k"}, "after tidying")


async def deleted(rows: ProfileRows, at: str) -> None:
    """Delete a row, and write it again at once."""
    one, other = at + "1", at + "2"
    for _ in range(5):
        await rows.put({one: {"a:x": b"1", "b:y": b"2"}, other: {"a:x": b"1"}})
        await rows.add(one, "b:n", 3, "named")
        await rows.delete([one, at + "none"])
        equal(await rows.get([one]), {}, "a deleted row")
        equal(set(await rows.get([other])), {other}, "the row beside it")
        equal(await rows.add(one, "b:n", 2, "named"), 2, "a counter of a deleted row")
        await rows.delete([one])
        await rows.put({one: {"a:x": b"3"}})
        equal(await _values(rows, one), {"a:x": b"3"}, "a row that was deleted and written")
    await rows.delete([])
    equal([key for key, _ in (await rows.scan(at)).rows], [one, other], "a scan")


async def errors_change_nothing(rows: ProfileRows, at: str) -> None:
    """Make every mistake once."""
    await rows.put({at: {"a:x": b"1"}})
    many = {f"{at}{n}": {"a:x": b"1"} for n in range(ROWS_AT_ONCE_MAX + 1)}
    for call, what in (
        (rows.put({"": {"a:x": b"2"}}), "an empty key"),
        (rows.put({"k" * (KEY_BYTES_MAX + 1): {"a:x": b"2"}}), "a long key"),
        (rows.put({"\ud800": {"a:x": b"2"}}), "a key that is no text"),
        (rows.put({at: {"a:x": b"2", "c:x": b"2"}}), "an unknown family"),
        (rows.put({at: {"a:x": b"2", "_once:x": b"2"}}), "a family of the store's own"),
        (rows.put({at: {"a:": b"2"}}), "a column without a name"),
        (rows.put({at: {"a": b"2"}}), "a column without a family"),
        (rows.put({at: {}}), "no columns"),
        (rows.put({at: {"a:x": b"2" * (VALUE_BYTES_MAX + 1)}}), "a cell too large"),
        (rows.put(many), "too many rows"),
        (rows.get(list(many)), "too many keys"),
        (rows.add(at, "a:n", 0), "an amount of nothing"),
        (rows.add(at, "a:n", -1), "a negative amount"),
        (rows.add(at, "a:n", AMOUNT_MAX + 1), "a huge amount"),
        (rows.add(at, "c:n", 1), "a counter of no family"),
        (rows.check_and_put(at, "c:n", None, {"a:x": b"2"}), "a check of no family"),
        (rows.scan(at, None, 0), "a scan of nothing"),
    ):
        await fails(InvalidInput, call, what)
    equal(await _values(rows, at), {"a:x": b"1"}, "the row after all mistakes")


async def as_modelled(rows: ProfileRows, at: str) -> None:
    """Do random steps on a store and on a model of it."""
    chance = Random(7)  # noqa: S311  # repeatable steps
    model: dict[str, dict[str, bytes]] = {}
    for _ in range(MODEL_STEPS):
        key = f"{at}{chance.randrange(4)}"
        column = chance.choice(("a:x", "a:y", "b:x"))
        await _step(rows, model, chance, key, column)
        equal(await _values(rows, key), model.get(key, {}), "a row beside its model")
    page = await rows.scan(at)
    equal([(key, values(row)) for key, row in page.rows], sorted(model.items()), "all rows")


async def _step(
    rows: ProfileRows,
    model: dict[str, dict[str, bytes]],
    chance: Random,
    key: str,
    column: str,
) -> None:
    known = model.get(key, {})
    value = bytes([chance.randrange(3)])
    columns: Columns = {column: value, "b:last": value}
    kind = chance.choice(("put", "check", "add", "delete"))
    if kind == "put":
        await rows.put({key: columns})
        model[key] = {**known, **columns}
    elif kind == "check":
        expected = chance.choice((known.get(column), None, b"\1"))
        did = await rows.check_and_put(key, column, expected, columns)
        equal(did, (known.get(column) or None) == (expected or None), "a check")
        if did:
            model[key] = {**known, **columns}
    elif kind == "add":
        amount = chance.randrange(1, 9)
        total = counter(known.get("b:n", counted(0))) + amount
        equal(await rows.add(key, "b:n", amount), total, "a counter")
        model[key] = {**known, "b:n": counted(total)}
    else:
        await rows.delete([key])
        model.pop(key, None)
