"""Which events speak of who somebody is, and the rows that stitching writes of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from queqiao.kernel.envelope import Envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.own_events import OWN_SOURCE
from queqiao.process.consent import PERSONALIZATION
from queqiao.process.facts import Fact
from queqiao.process.identifiers import identifiers_of
from queqiao.process.identity import Who
from queqiao.process.state import Keyed, StateFile
from queqiao.process.stitching import Node, Sighting, Stitch, Stitching

MERGED, SEPARATED = "Profiles Merged", "Profiles Separated"
"""Orders of an operator, in the log like everything else: they are kept, and obeyed, by it."""

HELD = "held"
"""The kind of state that tells who holds an identifier."""

_UNKNOWN = FieldError("properties", Message("没有这样的顾客", "no such people"))


class Order(msgspec.Struct, frozen=True):
    """The properties of an order. ``users`` names which of the two are user ids."""

    id: str
    other: str
    users: list[str] = []
    by: str = ""
    note: str = ""


def is_order(envelope: Envelope) -> bool:
    """Say whether an event is an operator's order: of our own source only."""
    return envelope.source == OWN_SOURCE and envelope.event in (MERGED, SEPARATED)


def named_by_order(envelope: Envelope) -> list[str]:
    """Return the ids that an order names, also where it is one that nobody could obey."""
    said = msgspec.json.decode(envelope.properties)
    given = said.values() if isinstance(said, dict) else ()
    return [one for one in given if isinstance(one, str)]


class People:
    """Stitching over the state file, event by event."""

    def __init__(self, file: StateFile, persons: Keyed[int], keys_max: int) -> None:
        self._persons = persons
        self._file = file
        self._stitching = Stitching(
            file.keyed("stitched", Node, keys_max),
            file.keyed(HELD, tuple[str, ...], keys_max),
            file.keyed("logins", tuple[str, ...], keys_max),
            lambda one: persons.get(one) or 0,
        )

    def obey(self, fact: Fact) -> list[Stitch]:
        """Merge or separate. Raises InvalidInput when one of the two was never seen."""
        order = msgspec.json.decode(fact.envelope.properties, type=Order)
        if order.id == order.other or not all(map(self._persons.get, (order.id, order.other))):
            raise InvalidInput(_UNKNOWN)
        if fact.envelope.event == MERGED:
            return self._stitching.merge(order.id, order.other, order.users)
        return self._stitching.unmerge(order.id, order.other)

    def identifiers_of(self, ids: Sequence[str]) -> list[str]:
        """Return the identifiers that people hold, each once. Only between commits."""
        held = self._file.keys_naming(HELD, ids)  # also those of which nobody is sure any more
        return sorted({*self._stitching.identifiers_of(ids), *held})

    def forget(self, identifiers: Sequence[str]) -> None:
        """Let nobody hold these any more."""
        self._stitching.forget(identifiers)

    def see(self, fact: Fact, who: Who) -> list[Stitch]:
        """Take in what an event says of who it was, where the person lets it be used so."""
        is_allowed = fact.consent & PERSONALIZATION
        identifiers = identifiers_of(fact) if is_allowed else []
        if not who.linked and not identifiers:
            return []
        is_known = not who.user_id and who.person_id != who.anonymous_id
        seen = Sighting(who.anonymous_id, who.user_id, is_known, who.linked, identifiers)
        return self._stitching.see(seen)


def stitch_rows(
    fact: Fact, stitches: Sequence[Stitch], persons: Keyed[int]
) -> list[tuple[Any, ...]]:
    """Return the rows of the table; the last reason of an event counts.

    Ids under which nobody ever did anything have no row: there is nothing to call by another name.
    """
    last = {one.person_id: one for one in stitches}
    found = []
    for one in last.values():
        number, into = persons.get(one.person_id) or 0, persons.get(one.into) or 0
        if number:
            at_us = fact.envelope.timestamp_us
            found.append((fact.offset, one.person_id, number, one.into, into, one.reason, at_us))
    return found
