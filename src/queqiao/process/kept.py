"""What an erasure leaves of an event's circumstances, where those themselves are gone.

Rows of an erased event keep the kind of device, the country, where the visit came from. They were
read from a user agent, an address and a page that the log holds no more; so what was read of them
stands in the event instead, and whoever reads it again comes to the same rows.
"""

import msgspec

from queqiao.kernel.envelope import EMPTY, Envelope
from queqiao.process.consent import Said
from queqiao.process.enrichment import enricher
from queqiao.process.enrichment.enricher import UNKNOWN, Circumstances


class Kept(msgspec.Struct, omit_defaults=True):
    """The circumstances by the names of their columns, those that are known; channel and consent.

    ``said`` is what the event says of consent: a mask of purposes that it names, and one of those
    that it allows. ``identifiers`` are names for phones and such that nobody has.
    """

    circumstances: dict[str, str | int] = {}
    channel: str = ""
    said: tuple[int, int] = (0, 0)
    identifiers: list[str] = []

    def all_circumstances(self) -> Circumstances:
        """Return them as the enricher does."""
        known = self.circumstances
        columns = zip(enricher.COLUMNS, UNKNOWN, strict=True)
        return tuple(known.get(name, nothing) for name, nothing in columns)

    def consent(self) -> Said:
        """Return what the event says of consent."""
        return Said(*self.said)


def kept_of(circumstances: Circumstances, channel: str, said: Said, identifiers: list[str]) -> Kept:
    """Return what is to be kept of an event."""
    columns = zip(enricher.COLUMNS, circumstances, UNKNOWN, strict=True)
    known = {name: value for name, value, nothing in columns if value != nothing}
    return Kept(known, channel, (said.named, said.allowed), identifiers)


def is_kept(envelope: Envelope) -> bool:
    """Say whether an event is one of those."""
    return envelope.kept is not EMPTY


_decoder = msgspec.json.Decoder(Kept)


def read_kept(envelope: Envelope) -> Kept:
    """Return what was kept of an event."""
    return _decoder.decode(envelope.kept)
