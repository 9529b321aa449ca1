"""A ledger whose caller may die at any step: before it is done, or before its answer arrives."""

from queqiao.kernel.errors import Unavailable

STEPS = frozenset({"reserve", "reserve_many", "commit", "release", "refund", "spend"})


class MortalLedger:
    """Passes everything on. ``dies_at`` counts steps from 0; None: never.

    ``is_done``: the step that kills is done, its answer lost.
    """

    def __init__(self, ledger):
        self._ledger = ledger
        self.dies_at, self.is_done, self.steps = None, False, 0
        self.before = None

    def arm(self, dies_at, *, is_done=False):
        self.dies_at, self.is_done, self.steps = dies_at, is_done, 0

    def __getattr__(self, name):
        call = getattr(self._ledger, name)
        if name not in STEPS:
            return call

        async def step(*arguments, **named):
            if self.before is not None:
                await self.before(name, arguments)
            number, self.steps = self.steps, self.steps + 1
            if number != self.dies_at:
                return await call(*arguments, **named)
            if self.is_done:
                await call(*arguments, **named)
            raise Unavailable

        return step
