"""Postings: for each name the promotions that ask for it. Never change; a change makes new ones."""

from collections.abc import Iterable
from typing import NamedTuple

FEW_MAX = 8
"""A name that so few promotions ask for keeps their places; an integer of bits takes more room."""


class Posted(NamedTuple):
    """One promotion's names: those it asks for, at its place."""

    place: int
    names: frozenset[str]


class Postings:
    """``asked`` are all promotions that ask for a name here."""

    __slots__ = ("_bits", "_few", "asked")

    def __init__(self, posted: Iterable[Posted] = ()) -> None:
        self.asked = 0
        self._bits: dict[str, int] = {}
        self._few: dict[str, tuple[int, ...]] = {}
        for one in posted:
            self._add(one)

    def one(self, name: str) -> int:
        """Return the promotions that ask for this name."""
        few = self._few.get(name)
        if few is None:
            return self._bits.get(name, 0)
        bits = 0
        for place in few:
            bits |= 1 << place
        return bits

    def any_of(self, names: Iterable[str]) -> int:
        """Return the promotions that ask for any of the names."""
        bits = 0
        for name in names:
            if name in self._bits:
                bits |= self._bits[name]
            elif name in self._few:
                bits |= self.one(name)
        return bits

    def changed(self, gone: Iterable[Posted], come: Iterable[Posted]) -> "Postings":
        """Return the postings without those that are gone and with those that have come."""
        after = Postings()
        after.asked, after._bits, after._few = self.asked, dict(self._bits), dict(self._few)
        for one in gone:
            after._remove(one)
        for one in come:
            after._add(one)
        return after

    def _add(self, posted: Posted) -> None:
        bit = 1 << posted.place
        self.asked |= bit
        for name in posted.names:
            if name in self._bits:
                self._bits[name] |= bit
                continue
            few = self._few.get(name, ())
            if len(few) < FEW_MAX:
                self._few[name] = (*few, posted.place)
            else:
                self._bits[name] = self.one(name) | bit
                del self._few[name]

    def _remove(self, posted: Posted) -> None:
        bit = 1 << posted.place
        self.asked ^= self.asked & bit
        for name in posted.names:
            if name in self._bits:
                self._bits[name] ^= self._bits[name] & bit
                if not self._bits[name]:
                    del self._bits[name]
                continue
            few = tuple(place for place in self._few[name] if place != posted.place)
            if few:
                self._few[name] = few
            else:
                del self._few[name]
