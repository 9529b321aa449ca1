"""What the home must offer: a private folder with room, a true clock, a free port, no remains."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message, Unavailable
from queqiao.wiring import local_system
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.settings import Settings
from queqiao.wiring.steady_clock import JUMP_US_MIN, difference_us
from queqiao.wiring.supervisor import is_held
from queqiao.wiring.system import public_socket

FREE_BYTES_MIN = 1_000_000_000
CLOCK_S_MIN = 1_767_225_600
"""2026-01-01: a clock before that was never set."""
CLOCK_AHEAD_S = 120
"""Files may be so much younger than the clock says: several machines share a disk."""
OTHERS = 0o077


def home(settings: Settings) -> Message:
    """Look whether the home can be written."""
    place = settings.home
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(place, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise UnfitError(
            Message(f"{place} 不可写", f"{place} cannot be written"),
            Message("改它的属主，或换一个 --home", "change its owner, or choose another --home"),
        )
    return Message(f"{place} 可写", f"{place} can be written")


def private(settings: Settings) -> Message:
    """Look whether anybody else can read the home or its secrets."""
    open_ones = [
        path for path in _guarded(settings.home) if path.exists() and path.stat().st_mode & OTHERS
    ]
    if open_ones:
        names = ", ".join(str(path) for path in open_ones[:5])
        raise UnfitError(
            Message(f"其他用户能访问：{names}", f"other users can get at {names}"),
            Message(
                f"运行 chmod -R go-rwx {settings.home}", f"run chmod -R go-rwx {settings.home}"
            ),
        )
    return Message("只有属主能访问", "its owner's alone")


def _guarded(place: Path) -> Iterator[Path]:
    yield place
    yield place / "secrets"
    if (place / "secrets").is_dir():
        yield from sorted((place / "secrets").iterdir())


def disk(settings: Settings) -> Message:
    """Look how much room is left, and whether files can still be made."""
    free = shutil.disk_usage(settings.home).free
    found = os.statvfs(settings.home)
    seen = Message(f"剩余 {free / 1e9:.1f} GB", f"{free / 1e9:.1f} GB free")
    if free < FREE_BYTES_MIN or (found.f_files and not found.f_favail):
        raise UnfitError(
            seen,
            Message(
                "腾出空间（至少 1 GB 与可用的 inode），或把家目录移到别处",
                "make room (1 GB at least, and inodes), or move the home",
            ),
        )
    return seen


def clock(settings: Settings) -> Message:
    """Look whether the clock was set, is behind what is written, or has just jumped."""
    now_s = time.time()
    newest_s = max(
        (path.stat().st_mtime for path in settings.home.glob("*/*") if path.is_file()), default=0.0
    )
    seen = Message(
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s)),
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s)),
    )
    if now_s < CLOCK_S_MIN or newest_s > now_s + CLOCK_AHEAD_S:
        raise UnfitError(
            Message(f"时钟不可信：{seen.zh}", f"the clock cannot be right: {seen.en}"),
            Message(
                "让时钟与时间服务器同步（timedatectl set-ntp true）",
                "let the clock follow a time server (timedatectl set-ntp true)",
            ),
        )
    jump_s = difference_us(settings.home) / SECOND_US
    if abs(jump_s) >= JUMP_US_MIN / SECOND_US:
        raise UnfitError(
            Message(
                f"本机时钟跳了 {jump_s:+.0f} 秒，运行中的系统仍按原来的时间走",
                f"the machine's clock has jumped by {jump_s:+.0f} s;"
                " the running system goes by the time before",
            ),
            Message(
                "若时钟拨错了，请拨回；若现在才对，系统会在"
                f" {settings.clock.follow_after_s:.0f} 秒后跟随，重启则立即跟随",
                "if the clock is wrong, set it right; if it is right now, the system follows after"
                f" {settings.clock.follow_after_s:.0f} s, or at once when started again",
            ),
        )
    return seen


def sockets(settings: Settings) -> Message:
    """Look for sockets that a system left behind that nobody runs any more."""
    left = sorted(path.name for path in (settings.home / "run").glob("*.sock"))
    if left and not is_held(settings.home):
        names = ", ".join(left[:5])
        folder = settings.home / "run"
        raise UnfitError(
            Message(f"残留的套接字：{names}", f"sockets left behind: {names}"),
            Message(
                f"上次没有正常停止；下次启动会替换它们，也可运行 rm {folder}/*.sock",
                f"the last stop was not clean; the next start replaces them, or run"
                f" rm {folder}/*.sock",
            ),
        )
    return Message("没有残留的套接字", "no sockets left behind")


def port(settings: Settings) -> Message:
    """Look whether the public port is free, or ours."""
    wanted = f"{settings.server.host}:{settings.server.port}"
    if local_system.address(settings.home) is not None:
        return Message("由正在运行的系统占用", "held by the running system")
    try:
        listener = public_socket(settings)
    except (Unavailable, socket.gaierror) as error:
        raise UnfitError(
            Message(f"不能监听 {wanted}", f"cannot listen on {wanted}"),
            Message(
                "停掉占用它的程序，或换一个 --port；[server] host 须是本机地址",
                "stop what holds it, or choose another --port; [server] host must be an address"
                " of this machine",
            ),
        ) from error
    listener.close()
    return Message(f"{wanted} 空闲", f"{wanted} is free")
