"""Looks at everything that a system needs, and says what is wrong and how to mend it."""

from collections.abc import Callable, Iterator

import msgspec

from queqiao.kernel.errors import Message, QueqiaoError
from queqiao.wiring import (
    addresses,
    doctor_compute,
    doctor_home,
    doctor_lake,
    doctor_machine,
    doctor_rows,
    doctor_servers,
    doctor_tiering,
    local_system,
    moved,
    traffic,
)
from queqiao.wiring.console_files import console_files
from queqiao.wiring.doctor_machine import UnfitError, same
from queqiao.wiring.settings import Settings


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at: is it good, what was seen, and what to do where it is not good."""

    name: str
    good: bool
    detail: Message
    cure: Message | None = None


Check = Callable[[Settings], Message]
"""Looks at one thing; raises UnfitError, QueqiaoError or OSError when it is not good."""

_LOOK = Message(
    "按上面的提示处理后再运行 queqiao doctor", "mend this, then run queqiao doctor again"
)


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, one finding after the other."""
    for name, check in CHECKS.items():
        yield _finding(name, check, settings)


def _finding(name: str, check: Check, settings: Settings) -> Finding:
    try:
        return Finding(name, good=True, detail=check(settings))
    except UnfitError as error:
        return Finding(name, good=False, detail=error.detail, cure=error.cure)
    except QueqiaoError as error:
        seen = Message(error.explain("zh"), error.explain("en"))
        return Finding(name, good=False, detail=seen, cure=_LOOK)
    except OSError as error:
        return Finding(name, good=False, detail=same(str(error)), cure=_LOOK)


def _console(_settings: Settings) -> Message:
    if console_files() is None:
        raise UnfitError(
            Message("控制台尚未构建", "the console is not built"),
            Message("运行 make setup", "run make setup"),
        )
    return Message("控制台已构建", "the console is built")


def _moved(settings: Settings) -> Message:
    moved.check(settings)
    places = [f"{port} → {one.to}" for port, one in moved.moved(settings.home).items()]
    return same(", ".join(places)) if places else Message("什么也没有搬", "nothing was moved")


def _system(settings: Settings) -> Message:
    address = local_system.address(settings.home)
    if address is None:
        return Message("没有在运行", "not running")
    return Message(f"运行于 {address.base_url}", f"running at {address.base_url}")


CHECKS: dict[str, Check] = {
    "python": doctor_machine.python,
    "limits": doctor_machine.file_limits,
    "memory": doctor_machine.memory,
    "zone": doctor_machine.zone,
    "home": doctor_home.home,
    "private": doctor_home.private,
    "disk": doctor_home.disk,
    "clock": doctor_home.clock,
    "sockets": doctor_home.sockets,
    "port": doctor_home.port,
    "moved": _moved,
    "records": doctor_servers.records,
    "ledger": doctor_servers.ledger,
    "warehouse": doctor_servers.warehouse,
    "event_log": doctor_servers.event_log,
    "profile_rows": doctor_rows.profile_rows,
    "lake": doctor_lake.lake,
    "catalogue": doctor_lake.catalogue,
    "compute": doctor_compute.compute,
    "old_events": doctor_tiering.old_events,
    "addresses": addresses.addresses,
    "data_centres": traffic.described,
    "console": _console,
    "system": _system,
}
"""What is looked at, in order, by the name under which it is told."""
