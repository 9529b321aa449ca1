"""The lake and its catalogue: reached, written to, read, and one saying what the other holds."""

import time
from threading import Thread
from urllib.parse import urlsplit

import structlog

from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.ports.lake.laws import rows
from queqiao.wiring import lakes
from queqiao.wiring.doctor_machine import UnfitError, check_clock
from queqiao.wiring.settings import Settings, redacted

log = structlog.get_logger()

START_WAITS_S = 10.0
LOOK = ("doctor_look", "look=now")
"""What is written into a lake on servers, and removed at once."""

_BEHIND = Message(
    "运行中的系统每分钟补登一次；若一直落后，看日志里的 the lake's catalogue is behind",
    "a running system makes it good each minute; if it stays so, look in the log for"
    ' "the lake\'s catalogue is behind"',
)


def warn_at_start(settings: Settings) -> None:
    """Warn of a lake or a catalogue that cannot be used; wait for a silent one ten seconds.

    The system starts all the same: neither events nor decisions need them.
    """
    looks = Thread(target=_warn, args=(settings,), daemon=True)
    looks.start()
    looks.join(START_WAITS_S)
    if looks.is_alive():
        log.warning("[ports] lake or lake_catalogue does not answer", after_s=START_WAITS_S)


def _warn(settings: Settings) -> None:
    try:
        lake(settings)
    except UnfitError as unfit:
        log.warning("the lake is not as it should be", reason=unfit.detail.en, cure=unfit.cure.en)
    except QueqiaoError as error:
        log.warning("the lake cannot be used yet", reason=error.explain("en"))
    try:
        found = lakes.catalogue(settings)
        if found is not None:
            found.version()
    except QueqiaoError as error:
        log.warning("the lake's catalogue cannot be used yet", reason=error.explain("en"))


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
