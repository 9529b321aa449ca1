"""From an address to a region, by a database file that the operator supplies (MaxMind DB format).

Files differ in their layout; both usual ones are read: nested (``country.iso_code``,
``subdivisions[0]``, ``city.names``) and flat (``country``, ``region``, ``city`` as text).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb
import structlog

log = structlog.get_logger()

_CHINESE_READERS = frozenset(("CN", "HK", "MO", "TW"))


class Region(NamedTuple):
    """Country (ISO 3166-1), region (ISO 3166-2 where the file has it, else its name), city."""

    country: str = ""
    region: str = ""
    city: str = ""


NOWHERE = Region()


class Regions:
    """One database, or none. Raises OSError or InvalidDatabaseError for a file that is not one."""

    def __init__(self, file: Path | None) -> None:
        self._reader = None if file is None else maxminddb.open_database(file)

    def of(self, address: str) -> Region:
        """Return the region of an address in its usual form."""
        if self._reader is None or not address:
            return NOWHERE
        try:
            found = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError) as error:  # IPv6 in a file of IPv4
            log.debug("an address could not be looked up", reason=type(error).__name__)
            return NOWHERE
        return _region(found) if isinstance(found, Mapping) else NOWHERE


def open_regions(file: Path | None) -> Regions:
    """Return the regions of a file; an unreadable one is told in the log, and there are none."""
    try:
        return Regions(file)
    except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
        log.warning("the database of addresses cannot be read", file=str(file), error=str(error))
        return Regions(None)


def described(file: Path) -> str:
    """Return what a file says that it is. Raises OSError when it is no such database."""
    try:
        with maxminddb.open_database(file) as reader:
            about = reader.metadata()
            return f"{about.database_type}, {about.node_count} nodes"
    except (ValueError, maxminddb.InvalidDatabaseError) as error:
        raise OSError(f"{file} is not in MaxMind DB format; set another ip_database") from error


def _region(found: Mapping[str, Any]) -> Region:
    country = found.get("country")
    if isinstance(country, Mapping):
        code = _text(country.get("iso_code"))
        parts = found.get("subdivisions")
        first = parts[0] if isinstance(parts, list) and parts else {}
        inside = _text(first.get("iso_code")) if isinstance(first, Mapping) else ""
        region = f"{code}-{inside}" if inside else _name(first, code)
        return Region(code, region, _name(found.get("city"), code))
    code = _text(country or found.get("country_code"))
    return Region(code, _text(found.get("region")), _text(found.get("city")))


def _name(part: Any, country: str) -> str:
    """Return the name that the country's own readers know, else the English one."""
    names = part.get("names") if isinstance(part, Mapping) else None
    if not isinstance(names, Mapping):
        return ""
    own = _text(names.get("zh-CN")) if country in _CHINESE_READERS else ""
    return own or _text(names.get("en"))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
