"""Is an address in a data centre? By the operator's folder of ranges and hosting database.

Where neither is configured no address is judged, and ``sources`` says so.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import maxminddb
import structlog

from queqiao.decide.ads.traffic.networks import Networks
from queqiao.decide.ads.traffic.range_files import PEOPLE, Stamp, read_folder, stamp

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
"""How often the folder is looked at for changes."""

_HOSTING_TYPES = frozenset(("hosting", "content_delivery_network"))
_HOSTING_FLAGS = ("is_hosting_provider", "is_hosting", "hosting", "is_datacenter")


class DataCentres:
    """What the operator supplies, read again when it has changed.

    Only ``refresh`` touches files: call it every ``LOOK_EVERY_S``, beside the event loop.
    ``name_of`` reads what is in memory, so it may stand on a hot path.
    """

    def __init__(self, folder: Path | None = None, database: Path | None = None) -> None:
        self._folder = folder
        self._database = None if database is None else _opened(database)
        self._stamp: Stamp | None = None
        self._networks = Networks()

    @property
    def sources(self) -> list[str]:
        """What addresses are judged by: ``ranges``, ``database``, both or nothing."""
        named = (("ranges", self._networks.size), ("database", self._database))
        return [name for name, there in named if there]

    def refresh(self) -> None:
        """Read the folder where it has changed since."""
        if self._folder is None:
            return
        found = stamp(self._folder)
        if found != self._stamp:
            self._networks, self._stamp = read_folder(self._folder), found

    @property
    def size(self) -> int:
        """How many ranges were read."""
        return self._networks.size

    def name_of(self, address: str) -> str:
        """Return whose data centre an address is in; empty: in none that is known."""
        name = self._networks.name_of(address) or self._hosted(address)
        return "" if name == PEOPLE else name

    def _hosted(self, address: str) -> str:
        if self._database is None:
            return ""
        try:
            found = self._database.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return ""
        return _hosting(found) if isinstance(found, Mapping) else ""


def _opened(file: Path) -> "maxminddb.Reader | None":
    try:
        return maxminddb.open_database(file)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        log.warning("the hosting database cannot be read", file=str(file), error=str(error))
        return None


def _hosting(found: Mapping[str, Any]) -> str:
    """Say whose it is, of a record of the usual layouts: flags alone or under ``traits``."""
    traits = found.get("traits")
    for part in (found, traits if isinstance(traits, Mapping) else {}):
        is_hosting = any(part.get(flag) is True for flag in _HOSTING_FLAGS)
        if is_hosting or part.get("user_type") in _HOSTING_TYPES:
            name = part.get("autonomous_system_organization") or part.get("isp") or "hosting"
            return name[:100] if isinstance(name, str) else "hosting"
    return ""
