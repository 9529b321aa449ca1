"""How often one address may ask for ads: what anybody may ask must not empty budgets."""

from collections import OrderedDict

from queqiao.kernel.clock import MINUTE_US, SECOND_US
from queqiao.kernel.errors import Message, TooManyRequests

ADDRESSES_MAX = 50_000
_TOO_OFTEN = Message("请求广告过于频繁，请稍后再试", "asks for ads too often; wait a while")


class Asks:
    """Counts asks by address and minute, in the memory of one process."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def check(self, address: str, now_us: int) -> None:
        """Count one. Raises TooManyRequests until the minute is over."""
        minute = now_us // MINUTE_US
        of, count = self._counts.get(address, (minute, 0))
        count = count + 1 if of == minute else 1
        self._counts[address] = (minute, count)
        self._counts.move_to_end(address)
        if len(self._counts) > ADDRESSES_MAX:
            self._counts.popitem(last=False)
        if count > self._per_minute:
            wait_s = ((minute + 1) * MINUTE_US - now_us) // SECOND_US + 1
            raise TooManyRequests(_TOO_OFTEN, retry_after_s=wait_s)
