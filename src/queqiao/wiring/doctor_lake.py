"""The lake and its catalogue: reached, written to, read, and one saying what the other holds."""

import time
from urllib.parse import urlsplit

from queqiao.kernel.errors import Message
from queqiao.ports.lake.laws import rows
from queqiao.wiring import lakes
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.doctor_servers import check_clock
from queqiao.wiring.settings import Settings, redacted

LOOK = ("doctor_look", "look=now")
"""What is written into a lake on servers, and removed at once."""

_BEHIND = Message(
    "运行中的系统每分钟补登一次；若一直落后，看日志里的 the lake's catalogue is behind",
    "a running system makes it good each minute; if it stays so, look in the log for"
    ' "the lake\'s catalogue is behind"',
)


def lake(settings: Settings) -> Message:
    """Write into the lake, read it and remove it; a folder is looked at with the home."""
    url = settings.ports.lake
    if urlsplit(url).scheme == "file":
        return Message(f"{url}，在数据目录中", f"{url}, in the home")
    opened = lakes.bare(settings)
    try:
        opened.publish(*LOOK, rows(1))
        check_clock(opened.content(*LOOK).written_us / 1e6 - time.time())
    finally:
        opened.remove(*LOOK)
    shown = redacted(url)
    return Message(f"{shown} 可写、可读、可删", f"{shown} can be written, read and removed from")


def catalogue(settings: Settings) -> Message:
    """Ask the metastore for its version, and compare what it says with the lake."""
    found = lakes.catalogue(settings)
    if found is None:
        return Message("没有配置", "none is named")
    version = found.version()
    for table in lakes.TABLES:
        held = {one.location for one in lakes.bare(settings).held(table)}
        said = set(found.described(table)[1].values())
        if held != said:
            raise UnfitError(_differs(table, len(held - said), len(said - held)), _BEHIND)
    url = settings.ports.lake_catalogue
    return Message(f"{url} 可用，Hive {version}", f"{url} answers: Hive {version}")


def _differs(table: str, missing: int, stale: int) -> Message:
    return Message(
        f"表 {table} 有 {missing} 个分区没有登记，{stale} 个已不在湖中",
        f"table {table}: {missing} partitions are not registered, {stale} are in the lake no more",
    )
