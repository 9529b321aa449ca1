"""``queqiao backup``: the home, copied while its system runs."""

import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from queqiao.kernel.errors import Message, StorageFull, Unavailable
from queqiao.wiring.backup import FULL, Backup, back_up
from queqiao.wiring.commands.language import language
from queqiao.wiring.commands.options import AsJson, Config, Home, settings
from queqiao.wiring.commands.terminal import out


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder, outside the home.")],
    home: Home = None,
    config: Config = None,
    json_: AsJson = False,
) -> None:
    """Copy the home while its system runs. Example: queqiao backup /backup/2026-06-18.

    All of it as of one offset of the event log. The warehouse is left out: it is loaded again.
    """
    known = settings(home, config)
    try:
        done = back_up(known, target.absolute())
    except OSError as error:
        raise _disk_fault(error) from error
    out.print(msgspec.json.encode(done).decode() if json_ else _words(done))


def _disk_fault(error: OSError) -> Unavailable:
    why = os.strerror(error.errno) if error.errno else str(error)
    message = Message(
        f"备份没有完成（{why}）；留下的 .unfinished 目录可以删去",
        f"the backup was not finished ({why}); the folder .unfinished that it left may go",
    )
    return StorageFull(message) if error.errno in FULL else Unavailable(message)


def _words(done: Backup) -> str:
    told = _DONE.in_language(language()).format(done.offset)
    if not done.left_out:
        return told
    return told + _LEFT_OUT.in_language(language()).format(", ".join(done.left_out))


_DONE = Message("✓ 已备份到日志偏移量 {}", "✓ backed up, up to offset {}")
_LEFT_OUT = Message("；在服务器上、须另行备份的：{}", "; on servers, to be backed up there: {}")
