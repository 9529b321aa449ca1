"""By which factor a bid's price is adjusted, so that gross and net bids compare."""

from collections.abc import Mapping

from queqiao.decide.ads.openrtb.exchange.lots import Media
from queqiao.decide.ads.openrtb.exchange.prebid import MediaFactors

MEDIA_TYPES = "mediatypes"
"""The member of ``bidadjustmentfactors`` that holds factors by media."""

Factors = Mapping[str, float | MediaFactors]


def factor_of(factors: Factors | None, seat: str, media: Media, own: float) -> float:
    """Return the factor of a bid: the request's for the media, else for the bidder, else ``own``.

    ``own`` is that of the bidder's document.
    """
    if not factors:
        return own
    by_media = factors.get(MEDIA_TYPES)
    if isinstance(by_media, MediaFactors):
        special = (getattr(by_media, media) or {}).get(seat)
        if special is not None:
            return float(special)
    said = factors.get(seat)
    return own if said is None or isinstance(said, MediaFactors) else float(said)
