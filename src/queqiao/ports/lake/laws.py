"""The laws of the lake: what every adapter promises, each as one check.

``write`` stands for an engine: it puts a file where a place or a staged URL says.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pyarrow as pa

from queqiao.kernel.errors import InvalidInput, Message, NotFound
from queqiao.ports.lake.base import Lake
from queqiao.ports.lake.parquet import encoded
from queqiao.ports.laws import Law, equal, fails, hold

TABLE = "law_rows"
_OTHER = "law_others"

Write = Callable[[str, bytes], None]


def laws(lake: Lake, write: Write) -> list[Law]:
    """Return the laws bound to a lake; the checks remove what they published."""

    def law(zh: str, en: str, check: Callable[[Lake, Write], None]) -> Law:
        return Law(Message(zh, en), lambda: _in_a_thread(lake, write, check))

    return [
        law("发布即可读，类型与值原样", "what is published is read with its schema", read_back),
        law("文件按原样发布", "a file is published byte for byte", whole_file),
        law("再次发布整体替换", "publishing again replaces the whole", replaced_whole),
        law("分区有序，表互不相干", "partitions are sorted, tables apart", sorted_apart),
        law("没有发布的就是没有", "what was not published is not found", not_found),
        law("读者只见完整的版本", "readers see one whole version", whole_versions),
        law("多个发布者互不丢失", "publishers of one table lose nothing", publishers_take_turns),
        law("引擎写的文件一步成为内容", "a staged file becomes the content at once", staged),
        law("许多小文件合成一个", "many small files become one", compacted),
        law("没有写的不能发布", "what was not staged cannot be published", nothing_staged),
        law("写了一半的不是数据", "what a killed stage left is no data", forgotten),
        law("删除后就没有了，可重复删除", "what is removed is gone", removed),
        law("名字不能越出目录", "no name leaves the folder", confined),
        law("目录所见与读者相同", "a catalogue sees what readers see", held),
    ]


async def _in_a_thread(lake: Lake, write: Write, check: Callable[[Lake, Write], None]) -> None:
    try:
        await asyncio.to_thread(check, lake, write)
    finally:
        await asyncio.to_thread(_clear, lake)


def _clear(lake: Lake) -> None:
    for table in (TABLE, _OTHER):
        lake.forget_staged(table)
        for partition in lake.partitions(table):
            lake.remove(table, partition)


def rows(*numbers: int) -> pa.Table:
    """Return a small table."""
    ids = pa.array([str(number) for number in numbers], pa.string())
    return pa.table({"person_id": ids, "spent_minor": pa.array(numbers, pa.int64())})


def read_back(lake: Lake, _write: Write) -> None:
    """Publish every kind of column, an empty table too, and read."""
    moment = pa.timestamp("us", tz="UTC")
    table = pa.table(
        {
            "a": pa.array([1, None], pa.int64()),
            "名": ["甲", "乙"],
            "l": [["x"], []],
            "at": pa.array([1_700_000_000_123_456, 0], moment),
            "n": pa.array([2**64 - 1, 0], pa.uint64()),
        }
    )
    for name, content in (("day=2026-11-22", table), ("day=2026-11-23", table.slice(0, 0))):
        lake.publish(TABLE, name, content)
        hold(lake.read(TABLE, name).equals(content), f"{name} came back otherwise")
        said = lake.content(TABLE, name)
        hold(said.schema.equals(content.schema), f"{name} has another schema")
        equal(said.rows, content.num_rows, f"rows that {name} says that it holds")


def whole_file(lake: Lake, _write: Write) -> None:
    """A file given as bytes is the content, and replaces what was there."""
    content = encoded(rows(1, 2, 3))
    lake.publish(TABLE, "day=1", rows(9))
    lake.publish_file(TABLE, "day=1", content)
    equal(lake.content(TABLE, "day=1").bytes, len(content), "bytes of the file")
    hold(lake.read(TABLE, "day=1").equals(rows(1, 2, 3)), "a file came back otherwise")


def replaced_whole(lake: Lake, _write: Write) -> None:
    """Publish three versions of a partition, the last twice."""
    for numbers in ((1, 2, 3), (4,), (4,)):
        lake.publish(TABLE, "day=1", rows(*numbers))
        hold(lake.read(TABLE, "day=1").equals(rows(*numbers)), f"not the version of {numbers}")
    equal(lake.partitions(TABLE), ["day=1"], "the partitions")


def sorted_apart(lake: Lake, _write: Write) -> None:
    """Publish days out of order, and another table."""
    for day in ("day=2026-11-23", "day=2026-11-21", "day=2026-11-22"):
        lake.publish(TABLE, day, rows(1))
    lake.publish(_OTHER, "day=2026-01-01", rows(1))
    wanted = ["day=2026-11-21", "day=2026-11-22", "day=2026-11-23"]
    equal(lake.partitions(TABLE), wanted, "the partitions")
    equal(lake.partitions("law_unknown"), [], "partitions of an unknown table")


def not_found(lake: Lake, _write: Write) -> None:
    """Read what is not there."""
    for call in (lake.read, lake.content):
        _raises(NotFound, lambda call=call: call(TABLE, "day=9"), "reading what is not there")  # type: ignore[misc]


def whole_versions(lake: Lake, _write: Write) -> None:
    """Read while a partition is replaced again and again."""
    versions = [rows(*range(start, start + 2_000)) for start in (0, 10_000)]
    lake.publish(TABLE, "day=1", versions[0])

    def publish() -> None:
        for turn in range(8):
            lake.publish(TABLE, "day=1", versions[turn % 2])

    def read() -> None:
        for _ in range(15):
            seen = lake.read(TABLE, "day=1")
            hold(any(seen.equals(one) for one in versions), "a reader saw a mixture")
            equal(lake.partitions(TABLE), ["day=1"], "the partitions meanwhile")

    _at_once(publish, publish, read)


def publishers_take_turns(lake: Lake, _write: Write) -> None:
    """Publish partitions of one table from four threads."""

    def publish(worker: int) -> None:
        for turn in range(4):
            lake.publish(TABLE, f"day={worker}-{turn}", rows(worker, turn))

    _at_once(*(lambda worker=worker: publish(worker) for worker in range(4)))
    wanted = [f"day={worker}-{turn}" for worker in range(4) for turn in range(4)]
    equal(lake.partitions(TABLE), wanted, "the partitions")
    hold(lake.read(TABLE, "day=3-2").equals(rows(3, 2)), "a partition has another's content")


def staged(lake: Lake, write: Write) -> None:
    """Write a file as an engine does, and publish it."""
    lake.publish(TABLE, "block=1", rows(1))
    write(lake.stage(TABLE, "block=1"), encoded(rows(2, 3)))
    hold(lake.read(TABLE, "block=1").equals(rows(1)), "a staged file was read")
    lake.publish_staged(TABLE, "block=1")
    hold(lake.read(TABLE, "block=1").equals(rows(2, 3)), "the staged file was not published")


def compacted(lake: Lake, write: Write) -> None:
    """Write a folder of small files as a cluster does, the later ones with one column more."""
    place = lake.stage(TABLE, "block=1")
    for number in range(12):
        part = rows(number)
        if number >= 6:
            part = part.append_column("channel", pa.array([f"c{number}"]))
        write(f"{place}/part-{number:05d}.parquet", encoded(part))
    write(f"{place}/_SUCCESS", b"")
    lake.publish_staged(TABLE, "block=1")
    found = lake.read(TABLE, "block=1")
    equal(found["spent_minor"].to_pylist(), list(range(12)), "the rows in order")
    equal(found["channel"].null_count, 6, "nulls of a column that early files lack")


def nothing_staged(lake: Lake, _write: Write) -> None:
    """Publish without writing."""
    lake.publish(TABLE, "block=1", rows(1))
    lake.stage(TABLE, "block=1")
    _raises(NotFound, lambda: lake.publish_staged(TABLE, "block=1"), "publishing nothing")
    hold(lake.read(TABLE, "block=1").equals(rows(1)), "the former content is gone")


def forgotten(lake: Lake, write: Write) -> None:
    """Leave staged files, as a killed process does."""
    lake.publish(TABLE, "block=1", rows(1))
    for name in ("block=1", "block=2"):
        write(lake.stage(TABLE, name), b"PAR1 half")
    equal(lake.partitions(TABLE), ["block=1"], "the partitions")
    lake.forget_staged(TABLE)
    for name in ("block=1", "block=2"):
        call = lambda name=name: lake.publish_staged(TABLE, name)  # noqa: E731  # one call, twice
        _raises(NotFound, call, "publishing what was forgotten")
    hold(lake.read(TABLE, "block=1").equals(rows(1)), "the content went with what was staged")
    lake.forget_staged("law_unknown")


def removed(lake: Lake, write: Write) -> None:
    """Remove a partition twice."""
    for day in ("day=1", "day=2"):
        lake.publish(TABLE, day, rows(1))
    write(lake.stage(TABLE, "day=1"), encoded(rows(2)))
    for _ in range(2):
        lake.remove(TABLE, "day=1")
    equal(lake.partitions(TABLE), ["day=2"], "the partitions")
    _raises(NotFound, lambda: lake.read(TABLE, "day=1"), "reading what was removed")
    lake.publish(TABLE, "day=1", rows(3))
    hold(lake.read(TABLE, "day=1").equals(rows(3)), "what was removed cannot come again")


def confined(lake: Lake, _write: Write) -> None:
    """Try names that lead elsewhere."""
    for call in (lake.stage, lake.publish_staged, lake.place, lake.remove, lake.read):
        for table, partition in ((TABLE, "block=../x"), ("../etc", "block=1"), (TABLE, "..")):
            refused = lambda call=call, t=table, p=partition: call(t, p)  # noqa: E731  # at once
            _raises(InvalidInput, refused, f"{table} {partition}")


def held(lake: Lake, _write: Write) -> None:
    """Compare what a catalogue is told before and after a change."""
    for day in ("day=2", "day=1"):
        lake.publish(TABLE, day, rows(1))
    before = {one.partition: one for one in lake.held(TABLE)}
    equal(list(before), lake.partitions(TABLE), "what a catalogue is told")
    lake.publish(TABLE, "day=1", rows(2))
    after = {one.partition: one for one in lake.held(TABLE)}
    hold(after["day=1"].version != before["day=1"].version, "a change kept the version")
    equal(after["day=2"], before["day=2"], "what did not change")
    inside = lake.location(TABLE) + "/"
    hold(all(one.location.startswith(inside) for one in after.values()), "a stray location")


def _raises(error: type[Exception], call: Callable[[], object], what: str) -> None:
    async def called() -> object:
        return call()

    asyncio.run(fails(error, called(), what))


def _at_once(*works: Callable[[], None]) -> None:
    """Run each in a thread of its own; raise what the first failing one raised."""

    async def all_of_them() -> None:
        calls: list[Awaitable[None]] = [asyncio.to_thread(work) for work in works]
        await asyncio.gather(*calls)

    asyncio.run(all_of_them())
