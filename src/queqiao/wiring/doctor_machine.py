"""What the machine must offer, whatever the home: Python, files, memory, time zones, the engine."""

import resource
import subprocess
import sys
from pathlib import Path

from queqiao.kernel.clock import zone_of
from queqiao.kernel.errors import InvalidInput, Message
from queqiao.wiring.settings import Settings

PYTHON_MIN = (3, 11)
FILES_MIN = 1_024
"""A role holds a file a connection; the intake alone may have hundreds."""
MEMORY_MIN_BYTES = 1_000_000_000
"""What all processes together need (`make bench ONLY=memory`)."""
ENGINE_WITHIN_S = 60

CLOCK_AHEAD_S_MAX = 2.0
"""Of a server against this machine: more, and one of the two is not kept by a time server."""


class UnfitError(Exception):
    """Something is not as a system needs it: what was seen, and the cure."""

    def __init__(self, detail: Message, cure: Message) -> None:
        super().__init__(detail.en)
        self.detail = detail
        self.cure = cure


def same(words: str) -> Message:
    """Return words that are the same in both languages."""
    return Message(words, words)


def python(_settings: Settings) -> Message:
    """Look at the interpreter's version."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < PYTHON_MIN:
        raise UnfitError(
            same(f"Python {found}"),
            Message(
                "请用 Python 3.11 或更新的版本重建 .venv",
                "make .venv anew with Python 3.11 or newer",
            ),
        )
    return same(f"Python {found}")


def file_limits(_settings: Settings) -> Message:
    """Look at how many files a process may have open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    seen = Message(f"每个进程可打开 {soft} 个文件", f"{soft} open files a process")
    if soft != resource.RLIM_INFINITY and soft < FILES_MIN:
        wanted = min(65_536, hard) if hard >= FILES_MIN else 65_536
        raise UnfitError(
            seen,
            Message(
                f"启动前运行 ulimit -n {wanted}，或在服务单元里设 LimitNOFILE={wanted}",
                f"run ulimit -n {wanted} before the start, or set LimitNOFILE={wanted} in its unit",
            ),
        )
    return seen


def memory(_settings: Settings, meminfo: Path = Path("/proc/meminfo")) -> Message:
    """Look at how much memory can be had without swapping."""
    available = _available_bytes(meminfo)
    if available is None:
        return Message("此系统不公布可用内存", "this system does not tell")
    seen = Message(f"可用 {available / 1e9:.1f} GB", f"{available / 1e9:.1f} GB can be had")
    if available < MEMORY_MIN_BYTES:
        raise UnfitError(
            seen,
            Message(
                "腾出内存，或把 [warehouse] memory_mb_max 调小（最小 200）",
                "make room, or lower [warehouse] memory_mb_max (at least 200)",
            ),
        )
    return seen


def _available_bytes(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text("ascii").splitlines()
    except OSError:
        return None
    found = (int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    return next((kilobytes * 1024 for kilobytes in found), None)


def zone(settings: Settings) -> Message:
    """Look whether the shop's time zone is known here."""
    name = settings.shop.timezone
    try:
        zone_of(name)
    except InvalidInput as error:
        raise UnfitError(
            Message(f"没有 {name} 的时区数据", f"no time zone data for {name}"),
            Message(
                "运行 pip install tzdata，或改 [shop] timezone",
                "pip install tzdata, or mend [shop] timezone",
            ),
        ) from error
    return same(name)


def engine(_settings: Settings) -> Message:
    """Load the in-process warehouse engine, in a process of its own: it stays large."""
    command = [sys.executable, "-c", "import chdb; print(*chdb.chdb_version, sep='.')"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=ENGINE_WITHIN_S, check=False
        )
        loaded = done.returncode == 0
    except subprocess.TimeoutExpired:
        loaded = False
    if not loaded:
        raise UnfitError(
            Message("chDB 加载失败", "chDB cannot be loaded"),
            Message(
                "运行 make setup（或 pip install chdb）；没有适合本机的版本时，"
                "把 [ports] warehouse 指向 ClickHouse 服务器",
                "run make setup (or pip install chdb); where there is none for this machine, let"
                " [ports] warehouse name a ClickHouse server",
            ),
        )
    version = done.stdout.strip()
    return Message(f"chDB {version}，由 analytics 进程打开", f"chDB {version}, opened by analytics")


def check_clock(ahead_s: float) -> None:
    """Raise UnfitError when a server's clock is too far ahead of ours, or behind."""
    if abs(ahead_s) > CLOCK_AHEAD_S_MAX:
        raise UnfitError(
            Message(
                f"服务器的时钟与本机相差 {ahead_s:+.1f} 秒",
                f"the server's clock differs from ours by {ahead_s:+.1f} s",
            ),
            Message(
                "让两台机器都与时间服务器同步（timedatectl set-ntp true）",
                "let both machines follow a time server (timedatectl set-ntp true)",
            ),
        )
