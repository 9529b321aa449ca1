"""Slows guessing down: so many failures within a window, then wait."""

from collections import OrderedDict, deque

from queqiao.kernel.clock import MINUTE_US, SECOND_US
from queqiao.kernel.errors import Message, TooManyRequests

WINDOW_US = 15 * MINUTE_US
NAMES_MAX = 10_000
"""How many accounts and addresses are remembered; the one idle longest goes first."""


class Throttle:
    """Counts failures by name (an account, an address) in the memory of one process."""

    def __init__(self, failures_max: int) -> None:
        self._failures_max = failures_max
        self._failures: OrderedDict[str, deque[int]] = OrderedDict()

    def check(self, name: str, now_us: int) -> None:
        """Raise TooManyRequests while the name has failed too often within the window."""
        times = self._failures.get(name)
        while times and times[0] <= now_us - WINDOW_US:
            times.popleft()
        if times and len(times) >= self._failures_max:
            wait_s = (times[0] + WINDOW_US - now_us) // SECOND_US + 1
            message = Message(
                "登录失败次数过多，请稍后再试", "too many failed sign-ins; wait a while"
            )
            raise TooManyRequests(message, retry_after_s=wait_s)

    def fail(self, name: str, now_us: int) -> None:
        """Count one failure. Count before trying, so that parallel guesses are counted too."""
        self._failures.setdefault(name, deque(maxlen=self._failures_max)).append(now_us)
        self._failures.move_to_end(name)
        if len(self._failures) > NAMES_MAX:
            self._failures.popitem(last=False)

    def forgive(self, name: str) -> None:
        """Take back the last failure of a name."""
        times = self._failures.get(name)
        if times:
            times.pop()

    def forget(self, name: str) -> None:
        """Start anew for a name that has succeeded."""
        self._failures.pop(name, None)
