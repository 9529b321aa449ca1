"""What the log is to hold of an erased person's event: all that rows and machines go by, nobody.

Ids become the names of the veil, phones and such too; properties keep what columns and machines
need, and of the system's own books the whole order without who it was; address, user agent, page,
traits and all free words are gone, and in their place stands what had been read of them
(``kept.py``). So history made of it again is the history that there was.
"""

from collections.abc import Callable, Mapping

import msgspec
import structlog

from queqiao.kernel.envelope import Envelope, decode_envelope, encode_envelope
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.own_events import OWN_SOURCE, kept_fields, without_person
from queqiao.ports.event_log.base import StoredEvent
from queqiao.process.enrichment import enricher
from queqiao.process.enrichment.enricher import Circumstances
from queqiao.process.erased import CLEARED, ERASED
from queqiao.process.facts import Fact, FactReader, bare_fact
from queqiao.process.identifiers import OF_DEVICES, identifiers_of
from queqiao.process.identity import ids_of
from queqiao.process.kept import Kept, is_kept, kept_of
from queqiao.process.properties import known_part, text_of
from queqiao.process.stitching_events import Order, is_order, named_by_order
from queqiao.process.veil import Veil

log = structlog.get_logger()

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_TAGS = ("utm_term", "utm_content", "click_id")
"""Columns that an erasure clears and that tell one campaign of a visit from another."""
_NAME_DIGITS = 16


class Veiler:
    """Writes events anew. ``veil`` knows the names, ``digest`` makes names of campaigns' words."""

    def __init__(self, reader: FactReader, veil: Veil, digest: Callable[[str], bytes]) -> None:
        self._reader = reader
        self._veil = veil
        self._digest = digest

    def over(self, event: StoredEvent, *, is_theirs: bool) -> bytes | None:
        """Return the body that is to be in the place of an event's; None when it can stay.

        ``is_theirs``: its rows say that it is an erased person's. Of whoever else's it is, the
        names in it are all that changes.
        """
        try:
            original = decode_envelope(event.body)
        except _UNREADABLE:  # it is nobody's that could be told
            return None
        for is_bare in (False, True):
            try:
                return self._anew(original, event, is_theirs=is_theirs, is_bare=is_bare)
            except OSError:  # a fault of the disk is not the event's
                raise
            except InvalidInput:
                continue
            except Exception:
                log.exception("an event could not be read to erase it", offset=event.offset)
        return self._emptied(original, event.offset, is_theirs=is_theirs)

    def _anew(
        self, original: Envelope, event: StoredEvent, *, is_theirs: bool, is_bare: bool
    ) -> bytes | None:
        """Return the new body; ``is_bare``: by its envelope, which is all that can be read."""
        fact = bare_fact(event, []) if is_bare else self._reader.read(event)
        self._veil.put_over(fact)
        is_named = self._is_named(original, fact)
        if is_theirs or (is_bare and is_named):
            return encode_envelope(self._cleared(original, fact, is_bare=is_bare))
        return encode_envelope(_renamed(original, fact)) if is_named else None

    def _emptied(self, original: Envelope, offset: int, *, is_theirs: bool) -> bytes | None:
        """Return the least that an event can be, where our own code fails on all else of it.

        So one event never stops an erasure.
        """
        said = [one for one in (original.anonymous_id, original.user_id) if one]
        said += named_by_order(original) if is_order(original) else []
        if not is_theirs and not any(self._veil.is_erased(one, offset) for one in said):
            return None
        self._veil.put_over_ids(original, offset)
        return encode_envelope(_left(original, {}, Kept()))

    @staticmethod
    def _is_named(original: Envelope, fact: Fact) -> bool:
        found = fact.envelope
        if (found.anonymous_id, found.user_id) != (original.anonymous_id, original.user_id):
            return True
        if original.type == "alias":
            return text_of(fact.named.properties.previous_id).startswith(ERASED)
        return is_order(original) and bytes(found.properties) != bytes(original.properties)

    def _cleared(self, original: Envelope, fact: Fact, *, is_bare: bool) -> Envelope:
        properties = {} if is_bare else _properties(original)
        if original.type == "alias" and "previous_id" in properties:
            properties["previous_id"] = _previous_id(fact)
        named = [one for one in identifiers_of(fact) if _may_stay(one, fact)]
        circumstances = fact.circumstances
        if not is_kept(original):
            circumstances = self._without_who(circumstances)
        kept = kept_of(circumstances, fact.channel, fact.said, named)
        ids = {"anonymous_id": fact.envelope.anonymous_id, "user_id": fact.envelope.user_id}
        return _left(msgspec.structs.replace(original, **ids), properties, kept)

    def _without_who(self, circumstances: Circumstances) -> Circumstances:
        """Return the circumstances as rows keep them, but that campaigns are told apart still."""
        columns = zip(enricher.COLUMNS, circumstances, strict=True)
        return tuple(
            self._word(str(value)) if name in _TAGS else "" if name in CLEARED else value
            for name, value in columns
        )

    def _word(self, said: str) -> str:
        return self._digest(said).hex()[:_NAME_DIGITS] if said else ""


def _properties(one: Envelope) -> dict[str, msgspec.Raw]:
    """Return what stays of an event's properties: of our own books the whole order."""
    raw = bytes(one.properties)
    if one.source == OWN_SOURCE:
        return known_part(raw) if is_order(one) else without_person(raw)
    return known_part(raw) | kept_fields(raw, one.source)


def _left(one: Envelope, properties: Mapping[str, msgspec.Raw], kept: Kept) -> Envelope:
    """Return an event with these properties, and nothing else that could say who it was."""
    return Envelope(
        message_id="", type=one.type, timestamp_us=one.timestamp_us,
        received_at_us=one.received_at_us, source=one.source, event=one.event,
        anonymous_id=one.anonymous_id, user_id=one.user_id, sent_at_us=one.sent_at_us,
        schema_fault=one.schema_fault, schema_version=one.schema_version,
        properties=msgspec.Raw(msgspec.json.encode(properties)),
        kept=msgspec.Raw(msgspec.json.encode(kept)),
    )  # fmt: skip


def _may_stay(identifier: str, fact: Fact) -> bool:
    """Say whether an identifier is a name of the veil, or held by somebody who was not erased."""
    if f":{ERASED}" in identifier:
        return True
    device, user = ids_of(fact)
    is_of_device = identifier.partition(":")[0] in OF_DEVICES
    holder = device if is_of_device else user
    return bool(holder) and not holder.startswith(ERASED)


def _renamed(original: Envelope, fact: Fact) -> Envelope:
    """Return an event of somebody else without the names of who was erased."""
    found = fact.envelope
    changed = msgspec.structs.replace(
        original, anonymous_id=found.anonymous_id, user_id=found.user_id
    )
    if is_order(original):
        order = msgspec.json.decode(found.properties, type=Order)
        said = msgspec.structs.replace(order, note="")
        changed.properties = msgspec.Raw(msgspec.json.encode(said))
    elif original.type == "alias":
        given = msgspec.json.decode(original.properties, type=dict[str, msgspec.Raw])
        given["previous_id"] = _previous_id(fact)
        changed.properties = msgspec.Raw(msgspec.json.encode(given))
    return changed


def _previous_id(fact: Fact) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(text_of(fact.named.properties.previous_id)))
