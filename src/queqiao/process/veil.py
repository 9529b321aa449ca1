"""Erased people when the log is read again: their events count as before, and say who no more.

Events of erased people have these names in the log since their erasure (``veiled.py``). Where it
could not be rewritten, or was not yet, whoever reads it gives the ids of these events, up to each
erasure, the same names before anything is made of them; and their phones and such, on whosever
event. So the machines come to the same sessions, lines and numbers; the rows lose what an erasure
takes out of rows; and where the erasure was, the names are forgotten as the ids were then: whoever
comes later with the same id is somebody new.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from queqiao.kernel.envelope import EMPTY, Envelope
from queqiao.kernel.own_events import KEPT_FIELDS, row_properties
from queqiao.process.enrichment import enricher
from queqiao.process.enrichment.enricher import Circumstances
from queqiao.process.erased import CLEARED, ERASED
from queqiao.process.facts import Fact
from queqiao.process.goods import Goods
from queqiao.process.identifiers import identifiers_of
from queqiao.process.identity import Who
from queqiao.process.properties import text_of
from queqiao.process.stitching_events import Order, is_order

IDS_IN_MEMORY_MAX = 100_000
_CLEARED_AT = frozenset(place for place, name in enumerate(enricher.COLUMNS) if name in CLEARED)


class Forgotten(NamedTuple):
    """Ids of people, and identifiers that they held, of whom nothing is to be remembered."""

    ids: list[str]
    identifiers: list[str]


class Veil:
    """Knows who was erased up to where, by digests of their ids.

    ``cutoffs`` are the offsets up to which somebody was erased, by the digest of each of their ids,
    ascending; ``digest`` makes the digest of an id. ``kinds`` says which of these are of phones and
    such, and of which kind.
    """

    def __init__(
        self,
        cutoffs: Mapping[bytes, Sequence[int]],
        digest: Callable[[str], bytes],
        kinds: Mapping[bytes, str] = MappingProxyType({}),
    ) -> None:
        self._cutoffs = cutoffs
        self._kinds = kinds
        self._digest = lru_cache(maxsize=IDS_IN_MEMORY_MAX)(digest)
        self._names = {ERASED + one.hex() for one in cutoffs}
        self._ends = sorted({offset for found in cutoffs.values() for offset in found})

    def next_end(self, offset: int) -> int | None:
        """Return the first erasure's offset after one; a batch must end there. None: none."""
        place = bisect_left(self._ends, offset + 1)
        return self._ends[place] if place < len(self._ends) else None

    def names_until(self, offset: int) -> Forgotten:
        """Return the names that are to be forgotten once all up to an offset is loaded."""
        if offset not in self._ends:
            return Forgotten([], [])
        ended = [one for one, ends in self._cutoffs.items() if offset in ends]
        return Forgotten(
            [self._name_of(one) for one in ended if one not in self._kinds],
            [self._name_of(one) for one in ended if one in self._kinds],
        )

    def _name_of(self, digest: bytes) -> str:
        kind = self._kinds.get(digest)
        return f"{kind}:{ERASED}{digest.hex()}" if kind else ERASED + digest.hex()

    def put_over(self, fact: Fact) -> Fact:
        """Return the event; erased ids of it have another name."""
        if not self._ends or fact.offset > self._ends[-1]:
            return fact
        envelope = fact.envelope
        self.put_over_ids(envelope, fact.offset)
        if self._kinds:
            held = identifiers_of(fact)
            fact.identifiers = [self._name(one, fact.offset) or one for one in held]
        if envelope.type == "alias":
            known = fact.named.properties
            previous = self._name(text_of(known.previous_id), fact.offset)
            properties = msgspec.structs.replace(known, previous_id=previous)
            fact.named = fact.named._replace(properties=properties)
        if is_order(envelope):
            self._put_over_order(fact)
        return fact

    def put_over_ids(self, envelope: Envelope, offset: int) -> None:
        """Give an event's own ids their names, whatever the rest of it says."""
        envelope.anonymous_id = self._name(envelope.anonymous_id, offset)
        envelope.user_id = self._name(envelope.user_id, offset)

    def _put_over_order(self, fact: Fact) -> None:
        order = msgspec.json.decode(fact.envelope.properties, type=Order)
        one, other = (self._name(one, fact.offset) or one for one in (order.id, order.other))
        users = [self._name(one, fact.offset) or one for one in order.users]
        if (one, other) == (order.id, order.other):
            return
        changed = msgspec.structs.replace(order, id=one, other=other, users=users)
        fact.envelope.properties = msgspec.Raw(msgspec.json.encode(changed))

    def _name(self, one: str | None, offset: int) -> str | None:
        if not one:
            return one
        digest = self._digest(one)
        found = self._cutoffs.get(digest)
        return self._name_of(digest) if found and offset <= found[-1] else one

    def is_erased(self, one: str, offset: int) -> bool:
        """Say whether an id or an identifier of an event is an erased person's, or their name."""
        return one in self._names or self._name(one, offset) != one

    def is_over(self, who: Who) -> bool:
        """Say whether an event is of somebody who was erased."""
        return not self._names.isdisjoint((who.anonymous_id, who.user_id, who.person_id))

    def person(self, person_id: str, number: int) -> str:
        """Return what stands for a person in a row: the number of one who was erased."""
        return f"{ERASED}{number}" if person_id in self._names else person_id

    def other(self, person_id: str) -> str:
        """Return the id of somebody whom a row names beside its person; empty when erased."""
        return "" if person_id in self._names else person_id

    def clear(self, fact: Fact, who: Who, number: int) -> Who:
        """Take out of an event what an erasure takes out of its rows; return who stands there."""
        fact.envelope.message_id = ""
        fact.envelope.traits = fact.envelope.context = EMPTY
        fact.circumstances = _without(fact.circumstances)
        return Who("", self.other(who.user_id), self.person(who.person_id, number), who.device)


def cleared_goods(goods: Goods, source: str) -> Goods:
    """Return the columns without the free properties; of our own books the order stays."""
    left = CLEARED["properties"].encode()
    if source in KEPT_FIELDS:
        left = row_properties(goods.properties, source)
    return goods._replace(properties=left)


@lru_cache(maxsize=enricher.CIRCUMSTANCES_IN_MEMORY_MAX)
def _without(circumstances: Circumstances) -> Circumstances:
    return tuple("" if at in _CLEARED_AT else one for at, one in enumerate(circumstances))
