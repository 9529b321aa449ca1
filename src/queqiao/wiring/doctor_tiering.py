"""The old events in the lake: how much lies there, and whether every file can be read."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from queqiao.kernel.clock import SECOND_US, format_rfc3339
from queqiao.kernel.errors import Message
from queqiao.ports.rpc import RpcClient
from queqiao.process.contracts import RemoteTiering, TieringState
from queqiao.process.tier import LAKE_TABLE, PROBE, offsets_of
from queqiao.wiring import adapters, local_system
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.settings import Settings

NAMED_MAX = 5
"""So many files that are bad are named; how many more there are is told by their number."""

_RESTORE = Message(
    "从备份恢复这些文件，或停掉系统，把 warehouse/ 与 process.sqlite 一起删掉，由日志重新装载",
    "restore these files from a backup, or stop the system and delete warehouse/ and"
    " process.sqlite together: the log is loaded again",
)
_LOOK = Message(
    "处理上述原因即可，每分钟会再试；详情见 queqiao.log",
    "mend that; it is tried again each minute. The log tells more",
)


_OTHER_VERSION = Message("运行中的系统是另一个版本", "the running system is of another version")
_START_AGAIN = Message("重启它", "start it again")


class _Files(msgspec.Struct, frozen=True):
    """What lies in the lake. ``written_at`` is of the newest file, ``bad`` names what is wrong."""

    count: int
    rows: int
    bytes: int
    written_at: str
    bad: list[str]


def old_events(settings: Settings) -> Message:
    """Look at the files of old events, and at what the running system says of moving them."""
    found = _files(settings)
    if found.bad:
        names = ", ".join(found.bad[:NAMED_MAX])
        more = len(found.bad) - NAMED_MAX
        names += f" (+{more})" if more > 0 else ""
        raise UnfitError(
            Message(f"旧事件文件有问题：{names}", f"files of old events are bad: {names}"), _RESTORE
        )
    state = _state(settings)
    if state is not None:
        _check(state, found)
    return _said(settings.warehouse.raw_days, found, state)


def _files(settings: Settings) -> _Files:
    lake = adapters.lake(settings)
    names = [one for one in lake.partitions(LAKE_TABLE) if one != PROBE]
    places = [Path(lake.place(LAKE_TABLE, name)) for name in names]
    rows = [_rows(place) for place in places]
    bad = [name for name, held in zip(names, rows, strict=True) if held is None]
    stats = [place.stat() for place in places]
    newest_s = max((one.st_mtime for one in stats), default=0.0)
    return _Files(
        len(names),
        sum(held or 0 for held in rows),
        sum(one.st_size for one in stats),
        format_rfc3339(int(newest_s) * SECOND_US) if names else "",
        bad + _gaps(names),
    )


def _rows(place: Path) -> int | None:
    """Return how many rows a file says that it holds, None where it cannot be read."""
    try:
        return int(pq.read_metadata(place).num_rows)
    except (OSError, pa.ArrowException):
        return None


def _gaps(names: Sequence[str]) -> list[str]:
    """Return the names of blocks that are missing: offsets follow upon one another from 1."""
    gaps, wanted = [], 1
    for first, last in map(offsets_of, names):
        if first > wanted:
            gaps.append(f"{wanted}-{first - 1}")
        wanted = last + 1
    return gaps


def _state(settings: Settings) -> TieringState | None:
    """Return what the running system says, None where none runs."""
    if local_system.address(settings.home) is None:
        return None
    try:
        return asyncio.run(_asked(settings))
    except msgspec.ValidationError as error:
        raise UnfitError(_OTHER_VERSION, _START_AGAIN) from error


async def _asked(settings: Settings) -> TieringState:
    client = RpcClient(settings.socket("analytics.rpc"))
    try:
        return await RemoteTiering(client).state()
    finally:
        await client.close()


def _check(state: TieringState, found: _Files) -> None:
    """Raise UnfitError where the system cannot move what it should, or misses a file."""
    for why in (state.refused, state.failed):
        if why is not None:
            raise UnfitError(Message(**why), _LOOK)
    if state.files > found.count:
        lost = state.files - found.count
        raise UnfitError(
            Message(f"数据湖缺 {lost} 个旧事件文件", f"the lake lost {lost} files of old events"),
            _RESTORE,
        )


def _said(raw_days: int, found: _Files, state: TieringState | None) -> Message:
    zh = f"满 {raw_days} 天移入数据湖" if raw_days else "一直留在数仓（raw_days = 0）"
    en = f"move after {raw_days} days" if raw_days else "stay in the warehouse (raw_days = 0)"
    if found.count:
        size_mb = found.bytes / 1e6
        zh += (
            f"；湖中 {found.rows:,} 条，{found.count} 个文件共 {size_mb:,.1f} MB，"
            f"最近写于 {found.written_at}"
        )
        en += (
            f"; {found.rows:,} lie in the lake, {size_mb:,.1f} MB in {found.count} files,"
            f" the last written {found.written_at}"
        )
    else:
        zh, en = f"{zh}；湖中还没有", f"{en}; none lie in the lake yet"
    if state is not None and state.looked_at:
        zh, en = f"{zh}；{state.looked_at} 查看过", f"{en}; looked at {state.looked_at}"
    return Message(zh, en)
