"""How often a publisher may ask: a token bucket for each, in every worker.

A bucket holds the requests of one second. Publishers are documents, so there are only a few.
"""

from queqiao.kernel.clock import SECOND_US
from queqiao.kernel.errors import Message, TooManyRequests

_SLOWER = Message(
    "该发布商的请求过于频繁；请稍后再试，或提高 requests_per_s_max",
    "this publisher asks too often; ask again later, or raise requests_per_s_max",
)


class AskingRates:
    """The buckets."""

    def __init__(self) -> None:
        # By publisher: what is left, in millionths of a request, and as of when.
        self._buckets: dict[str, tuple[int, int]] = {}

    def admit(self, publisher_id: str, per_s_max: int, now_us: int) -> None:
        """Take one request out of the bucket. Raises TooManyRequests, taking nothing."""
        full = per_s_max * SECOND_US
        left, at_us = self._buckets.get(publisher_id, (full, now_us))
        left = min(full, left + max(0, now_us - at_us) * per_s_max)
        if left < SECOND_US:
            raise TooManyRequests(_SLOWER, retry_after_s=1)
        self._buckets[publisher_id] = (left - SECOND_US, now_us)
