"""When an event happened, by our clock: a client's clock may be wrong, ours is the measure.

A client stamps each event (``said``) and each request (``sent``) by one clock. By how far that
clock is off is told by the request: ``received − sent``, the time on the way included. So the event
happened at ``received − (sent − said)``.
"""

SKEW_US_MIN = 5_000_000
"""A smaller difference is the time on the way and is left alone."""


def happened_us(said_us: int, sent_us: int | None, received_us: int) -> tuple[int, int]:
    """Return when it happened and by how much the client's clock was mended (µs, 0: not at all).

    Nothing is mended when the client did not say when it sent, or said that it sent before it
    happened (then the two are not of one clock), or when the difference is below ``SKEW_US_MIN``.
    A mended time is never in the future and never before 1970.
    """
    if sent_us is None or said_us > sent_us:
        return said_us, 0
    skew_us = received_us - sent_us
    if -SKEW_US_MIN < skew_us < SKEW_US_MIN:
        return said_us, 0
    mended_us = said_us + skew_us
    return (mended_us, skew_us) if mended_us >= 0 else (said_us, 0)
