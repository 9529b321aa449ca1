"""Networks with names, found by the longest prefix that holds an address.

Prefixes nest. They are laid out once as intervals that do not overlap, each with the name of the
longest prefix there, so a lookup is one binary search: under a microsecond among a million.
"""

import socket
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

_MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv6 address begins that is one of IPv4."""
_BYTES_OF_FOUR = 4

Network = IPv4Network | IPv6Network


class Named(NamedTuple):
    """A network and whose it is."""

    network: Network
    name: str


class Networks:
    """An immutable set of named networks of both families."""

    def __init__(self, named: Iterable[Named] = ()) -> None:
        rows = list(named)
        self.size = len(rows)
        self._four, self._six = (
            _Intervals(_edges(row for row in rows if row.network.version == version))
            for version in (4, 6)
        )

    def name_of(self, address: str) -> str:
        """Return the name of the longest prefix that holds the address; empty: none, or no address.

        An IPv4 address written as IPv6 (``::ffff:192.0.2.1``) is read as what it is.
        """
        try:
            if ":" not in address:
                packed = socket.inet_pton(socket.AF_INET, address)
            else:
                packed = socket.inet_pton(socket.AF_INET6, address).removeprefix(_MAPPED)
        except (OSError, ValueError):
            return ""
        intervals = self._four if len(packed) == _BYTES_OF_FOUR else self._six
        return intervals.name_at(int.from_bytes(packed, "big"))


class _Intervals:
    """Where intervals begin, in order, and their names; before the first lies nobody."""

    def __init__(self, edges: Iterable[tuple[int, str]]) -> None:
        known = [(-1, ""), *edges]
        self._starts = [start for start, _ in known]
        self._names = [name for _, name in known]

    def name_at(self, number: int) -> str:
        return self._names[bisect_right(self._starts, number) - 1]


def _edges(rows: Iterable[Named]) -> Iterator[tuple[int, str]]:
    """Give where each interval begins and its name, in order; of equal networks the last counts."""
    known = {row.network: row.name for row in rows}
    # mypy cannot compare networks of both families; here they are of one.
    networks = sorted(known, key=lambda one: (int(one.network_address), one.prefixlen))
    open_: list[tuple[int, str]] = []  # last address and name, the innermost last
    for network in networks:
        start, last = int(network.network_address), int(network.broadcast_address)
        yield from _closed(open_, start)
        yield start, known[network]
        open_.append((last, known[network]))
    yield from _closed(open_, 1 << 129)


def _closed(open_: list[tuple[int, str]], before: int) -> Iterator[tuple[int, str]]:
    """Close what ends before an address: after it, what lies around it counts again."""
    while open_ and open_[-1][0] < before:
        last, _ = open_.pop()
        if not (open_ and open_[-1][0] == last):
            yield last + 1, open_[-1][1] if open_ else ""
