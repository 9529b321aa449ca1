"""One event read once: the envelope and those parts of it that columns and machines need."""

from collections.abc import Sequence

import msgspec

from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.event_log.base import StoredEvent
from queqiao.process.consent import EVERYTHING, NOTHING_SAID, Said, read_consent
from queqiao.process.enrichment.clock import happened_us
from queqiao.process.enrichment.context import Context, read_context
from queqiao.process.enrichment.enricher import UNKNOWN, Circumstances, Enricher
from queqiao.process.goods import NOTHING_NAMED, GoodsReader, Named
from queqiao.process.kept import is_kept, read_kept

TIMESTAMP_US_MAX = 4_102_444_800_000_000
"""2100-01-01. The warehouse's calendar functions end soon after, and begin in 1970."""

_OUT_OF_RANGE = FieldError("timestamp", Message("超出范围", "outside 1970 to 2100"))
_UNREADABLE = FieldError("", Message("信封无法读取", "unreadable envelope"))


class Fact(msgspec.Struct, gc=False):
    """One event, typed. ``problems`` lists what could not be taken as it came.

    ``clock_skew_us`` is by how much the client's clock was mended; ``said`` is what the event says
    about consent, and ``consent`` the mask that holds for it, known when its device is.
    ``identifiers`` are those of the person where they are known already, None where they are yet to
    be read.
    """

    offset: int
    envelope: Envelope
    named: Named
    context: Context
    problems: list[FieldError]
    circumstances: Circumstances = UNKNOWN
    clock_skew_us: int = 0
    said: Said = NOTHING_SAID
    consent: int = EVERYTHING
    identifiers: list[str] | None = None

    @property
    def channel(self) -> str:
        """The channel that the client names, else the medium of its campaign."""
        context = self.context
        if context.channel:
            return context.channel
        return (context.campaign.medium if context.campaign is not None else None) or ""


class FactReader:
    """Reads stored events. ``currency`` is the shop's; ``enricher`` tells the circumstances."""

    def __init__(self, enricher: Enricher, currency: str) -> None:
        self._enrich = enricher.enrich
        self._name = GoodsReader(currency).read

    def read(self, event: StoredEvent) -> Fact:
        """Return the event, typed and enriched; its time is mended.

        Raises InvalidInput when the envelope itself cannot be read.
        """
        try:
            envelope = decode_envelope(event.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(_UNREADABLE) from error
        if is_kept(envelope):
            return self._read_kept(event.offset, envelope)
        context = read_context(envelope.context)
        at_us, skew_us = happened_us(
            envelope.timestamp_us, envelope.sent_at_us, envelope.received_at_us
        )
        envelope.timestamp_us = at_us
        circumstances = self._enrich(envelope, context)
        if not 0 <= at_us < TIMESTAMP_US_MAX:
            raise InvalidInput(_OUT_OF_RANGE)
        named = self._name(bytes(envelope.properties))
        said = read_consent(bytes(context.consent))
        return Fact(
            event.offset, envelope, named, context, list(named.problems), circumstances, skew_us,
            said,
        )  # fmt: skip

    def _read_kept(self, offset: int, envelope: Envelope) -> Fact:
        """Return the event of an erased person: what was read of it before is in it."""
        kept = read_kept(envelope)
        at_us, skew_us = happened_us(
            envelope.timestamp_us, envelope.sent_at_us, envelope.received_at_us
        )
        envelope.timestamp_us = at_us
        if not 0 <= at_us < TIMESTAMP_US_MAX:
            raise InvalidInput(_OUT_OF_RANGE)
        named = self._name(bytes(envelope.properties))
        return Fact(
            offset, envelope, named, Context(channel=kept.channel), list(named.problems),
            kept.all_circumstances(), skew_us, kept.consent(), identifiers=kept.identifiers,
        )  # fmt: skip


def bare_fact(event: StoredEvent, problems: Sequence[FieldError]) -> Fact:
    """Return an event without the meaning of its free parts. Raises what its envelope raises."""
    envelope = decode_envelope(event.body)
    named = NOTHING_NAMED._replace(raw=bytes(envelope.properties))
    return Fact(event.offset, envelope, named, Context(), list(problems))
