"""``queqiao backfill``: make all rows again from the log, and look how far that is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from queqiao.kernel.errors import Message
from queqiao.ports.rpc import RpcClient
from queqiao.process.contracts import BackfillState, RemoteBackfill
from queqiao.wiring import local_system
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import err, out
from queqiao.wiring.settings import Settings

LOOK_EVERY_S = 0.5

_DOING = Message("重新处理历史", "processing history again")
_NONE = Message("没有正在进行的重新处理", "no backfill is under way")
_LAST = Message("；上一次在 {} 换上", "; the last swapped in at {}")
_DONE = Message("已重新处理到日志偏移量 {}", "history was processed again, up to offset {}")
_UNDER_WAY = Message("正在重新处理：{} / {} 个事件", "under way: {} of {} events")


def backfill(
    home: Home = None,
    config: Config = None,
    status: Annotated[bool, typer.Option(help="Only say how far one is.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait for its end.")] = True,
    json_: AsJson = False,
) -> None:
    """Make all rows again from the log, beside the live ones. Example: queqiao backfill.

    Reports see the old rows until the new ones are whole. When none runs, a system is started for
    the time being.
    """
    known = settings(home, config)
    with local_system.running(known, config):
        state = asyncio.run(_run(known, status=status, wait=wait))
    if json_:
        out.print(msgspec.json.encode(state).decode())
        return
    out.print(_told(state, is_over=not status and wait))


async def _run(known: Settings, *, status: bool, wait: bool) -> BackfillState:
    client = RpcClient(known.socket("analytics.rpc"))
    remote = RemoteBackfill(client)
    try:
        state = await (remote.state() if status else remote.start())
        if wait and not status:
            with _progress() as bar:
                task = bar.add_task(_DOING.in_language(language()), total=state.of_offset)
                while state.phase != "none":
                    bar.update(task, completed=state.offset, total=state.of_offset)
                    await asyncio.sleep(LOOK_EVERY_S)
                    state = await remote.state()
        return state
    finally:
        await client.close()


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err) as bar:
        yield bar


def _told(state: BackfillState, *, is_over: bool) -> str:
    if state.phase != "none":
        return _UNDER_WAY.in_language(language()).format(state.offset, state.of_offset)
    if is_over:
        return _DONE.in_language(language()).format(state.of_offset)
    last = _LAST.in_language(language()).format(state.last.swapped_at) if state.last else ""
    return _NONE.in_language(language()) + last
