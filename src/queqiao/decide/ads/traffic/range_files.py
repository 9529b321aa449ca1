"""Files of address ranges that clouds publish, read from a folder of the operator's.

Read by content, not by name: Amazon's ``ip-ranges.json``, Google's ``cloud.json`` and
``goog.json``, Microsoft's service tags, Oracle's ``public_ip_ranges.json``, and plain text with one
network a line (a comment after ``#``, further columns after a comma, as in RFC 8805). A file whose
name begins with ``people`` holds exceptions: ranges in which people are, such as a company's way
out.
"""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import structlog

from queqiao.decide.ads.traffic.networks import Named, Networks

log = structlog.get_logger()

FILES_MAX = 200
FILE_BYTES_MAX = 64_000_000
NETWORKS_MAX = 1_000_000
"""Beyond these the rest is left out, and the log says so."""

PEOPLE = "people"
"""The name of the networks that are exceptions."""


class Stamp(NamedTuple):
    """By what a changed folder is noticed: names, sizes and times of its files."""

    files: tuple[tuple[str, int, int], ...]


def stamp(folder: Path) -> Stamp:
    """Return the stamp of a folder; one that is not there has none of the files."""
    return Stamp(tuple((file.name, *_size_and_time(file)) for file in _files(folder)))


def read_folder(folder: Path) -> Networks:
    """Return the networks of all files of a folder.

    A file that cannot be read, or a line that is no network, is told in the log and left out.
    """
    named: list[Named] = []
    for file in _files(folder):
        try:
            named += _within(list(_read(file)), NETWORKS_MAX - len(named), file)
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            reason = type(error).__name__
            log.warning("address ranges cannot be read", file=str(file), reason=reason)
    return Networks(named)


def _files(folder: Path) -> list[Path]:
    try:
        found = sorted(file for file in folder.iterdir() if file.is_file())
    except OSError:
        return []
    read = [file for file in found if not file.name.startswith(".")][:FILES_MAX]
    return sorted(read, key=_is_of_people)  # what is said last of a network counts


def _is_of_people(file: Path) -> bool:
    return file.name.lower().startswith(PEOPLE)


def _size_and_time(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return -1, 0
    return found.st_size, found.st_mtime_ns


def _within(named: list[Named], room: int, file: Path) -> list[Named]:
    if len(named) > room:
        log.warning(
            "too many address ranges", file=str(file), kept=room, left_out=len(named) - room
        )
    return named[:room]


def _read(file: Path) -> Iterator[Named]:
    with file.open("rb") as stream:
        content = stream.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise ValueError(file.name)
    rows = _of_json(content) if content.lstrip()[:1] == b"{" else _of_text(content)
    is_people = _is_of_people(file)
    bad = 0
    for text, name in rows:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            bad += 1
            continue
        yield Named(network, PEOPLE if is_people else name or file.stem)
    if bad:
        log.warning("lines that are no address range", file=str(file), lines=bad)


def _of_text(content: bytes) -> Iterator[tuple[str, str]]:
    for line in content.decode("utf-8", "replace").splitlines():
        text = line.split("#")[0].split(",")[0].strip()
        if text:
            yield text, ""


def _of_json(content: bytes) -> Iterator[tuple[str, str]]:
    """Give networks and names of the published forms."""
    found = msgspec.json.decode(content)
    for row in _rows(found.get("prefixes")) + _rows(found.get("ipv6_prefixes")):
        for field in ("ip_prefix", "ipv6_prefix", "ipv4Prefix", "ipv6Prefix"):
            if isinstance(row.get(field), str):
                yield row[field], _joined(row.get("service"), row.get("region") or row.get("scope"))
    for row in _rows(found.get("values")):
        properties = row.get("properties")
        if isinstance(properties, dict):
            for text in _texts(properties.get("addressPrefixes")):
                yield text, _joined("Azure", row.get("name"))
    for row in _rows(found.get("regions")):
        for block in _rows(row.get("cidrs")):
            if isinstance(block.get("cidr"), str):
                yield block["cidr"], _joined("Oracle", row.get("region"))


def _rows(found: Any) -> list[dict[str, Any]]:
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _texts(found: Any) -> Iterable[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _joined(*parts: Any) -> str:
    return " ".join(part for part in parts if isinstance(part, str) and part)[:100]
