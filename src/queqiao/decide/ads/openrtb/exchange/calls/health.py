"""Who fails is left alone for a while: a circuit breaker that tries again by itself.

It looks at the last ``LOOKED_AT`` calls. When ``FAILURES_MIN`` of them failed, and at least half of
those known, the bidder is not asked for ``PAUSE_US``; then one call tries. If that fails too the
pause doubles, up to ``PAUSE_US_MAX``; if it succeeds all is forgotten.
"""

from queqiao.kernel.clock import MINUTE_US, SECOND_US

LOOKED_AT = 20
FAILURES_MIN = 5
PAUSE_US = SECOND_US
PAUSE_US_MAX = MINUTE_US
TRIAL_US_MAX = 10 * SECOND_US
"""A trial of which nothing was heard for so long is taken for failed."""


class Health:
    """What is known of one bidder. Time is an argument."""

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._failed = 0
        self._known = 0
        self._paused_until_us: int | None = None
        self._pause_us = PAUSE_US
        self._trial_until_us = 0

    def may_ask(self, now_us: int) -> bool:
        """Say whether the bidder may be asked now; after a pause, one call at a time may."""
        if self._paused_until_us is None:
            return True
        if now_us < self._paused_until_us or now_us < self._trial_until_us:
            return False
        self._trial_until_us = now_us + TRIAL_US_MAX
        return True

    def note(self, now_us: int, *, failed: bool) -> None:
        """Take in how a call ended."""
        if self._paused_until_us is not None:
            self._note_trial(now_us, failed=failed)
            return
        self._failed = (self._failed << 1 | failed) & (1 << LOOKED_AT) - 1
        self._known = min(LOOKED_AT, self._known + 1)
        failures = self._failed.bit_count()
        if failed and failures >= FAILURES_MIN and 2 * failures >= self._known:
            self._paused_until_us = now_us + self._pause_us

    def _note_trial(self, now_us: int, *, failed: bool) -> None:
        if not self._trial_until_us:
            return  # a call that was under way when the pause began
        if not failed:
            self._forget()
            return
        self._pause_us = min(PAUSE_US_MAX, self._pause_us * 2)
        self._paused_until_us = now_us + self._pause_us
        self._trial_until_us = 0
