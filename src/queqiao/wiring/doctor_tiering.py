"""The old events in the lake: how much lies there, and whether every file can be read."""

import asyncio
from collections.abc import Sequence

import msgspec

from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import Broken, Message, NotFound
from queqiao.ports.lake.base import Content, Lake
from queqiao.ports.rpc import RpcClient
from queqiao.process.contracts import RemoteTiering, TieringState
from queqiao.process.tier import LAKE_TABLE, offsets_of
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
    names = lake.partitions(LAKE_TABLE)
    contents = [_content(lake, name) for name in names]
    good = [one for one in contents if one is not None]
    bad = [name for name, one in zip(names, contents, strict=True) if one is None]
    return _Files(
        len(names),
        sum(one.rows for one in good),
        sum(one.bytes for one in good),
        format_rfc3339(max(one.written_us for one in good)) if good else "",
        bad + _gaps(names),
    )


def _content(lake: Lake, name: str) -> Content | None:
    """Return what a file says, None where it cannot be read."""
    try:
        return lake.content(LAKE_TABLE, name)
    except (Broken, NotFound):
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
