"""The operator's database of addresses: is there one, and can it be read?"""

from typing import Literal

from queqiao.kernel.errors import Message
from queqiao.process.enrichment.region import described
from queqiao.wiring.doctor_machine import UnfitError
from queqiao.wiring.settings import Settings

State = Literal["absent", "ready", "unreadable"]

_ABSENT = Message(
    "没有 IP 库，事件的地区为空；有了之后写进 [enrichment] 的 ip_database",
    "none: events have no region; name yours as ip_database under [enrichment]",
)
_CURE = Message(
    "把 [enrichment] 的 ip_database 改成 MaxMind DB 格式的文件，或留空",
    "set ip_database under [enrichment] to a file in MaxMind DB format, or leave it empty",
)


def addresses(settings: Settings) -> Message:
    """Say what the database is. Raises UnfitError for one that is named and cannot be read."""
    file = settings.ip_database()
    if file is None:
        return _ABSENT
    try:
        return Message(f"{file}：{described(file)}", f"{file}: {described(file)}")
    except OSError as error:
        raise UnfitError(Message(f"{file} 读不了", f"{file} cannot be read"), _CURE) from error


def state(settings: Settings) -> State:
    """Return the same in one word, for the console."""
    if settings.ip_database() is None:
        return "absent"
    try:
        addresses(settings)
    except UnfitError:
        return "unreadable"
    return "ready"
