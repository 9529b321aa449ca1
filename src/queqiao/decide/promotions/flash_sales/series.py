"""A session by the second: what was asked and refused, and what the event log tells of the rest.

What the log told is folded once and kept: each look reads only what was loaded since the last one,
so a sale of millions costs no more to watch than one of ten. Second 0 holds what came before the
seconds that are kept.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from queqiao.ports.warehouse.base import Warehouse
from queqiao.process.contracts import watermark

KEPT_S = 3_600
"""Seconds of a session that are kept one by one; earlier ones are kept as a sum."""
STORIES_MAX = 200
"""Sessions that are kept; the one that was looked at longest ago is read anew."""

_TOLD = """
SELECT event, intDiv(toUnixTimestamp64Micro(timestamp), 1000000) AS second, sum(quantity)
FROM history
WHERE source = 'queqiao' AND offset > {after:UInt64} AND offset <= {until:UInt64}
  AND event IN ('Reservation Committed', 'Reservation Released', 'Reservation Returned')
  AND JSONExtractString(properties, 'flash_sale_id') = {sale:String}
  AND JSONExtractString(properties, 'session') = {session:String}
GROUP BY event, second"""


class SecondOfAnswers(NamedTuple):
    """Answers of one second: pieces reserved where ``reason`` is empty, refusals otherwise."""

    second: int
    reason: str
    number: int


Answers = Callable[[str, str, int], Awaitable[list[SecondOfAnswers]]]
"""Tells the answers of a session from a second on; what came before stands under second 0."""


class Settled(NamedTuple):
    """Pieces that were sold, given back by the caller, and put back after a sale."""

    sold: int = 0
    released: int = 0
    returned: int = 0

    def plus(self, other: "Settled") -> "Settled":
        """Return the sum."""
        return Settled(*(mine + others for mine, others in zip(self, other, strict=True)))


_PLACES = {
    "Reservation Committed": lambda pieces: Settled(sold=pieces),
    "Reservation Released": lambda pieces: Settled(released=pieces),
    "Reservation Returned": lambda pieces: Settled(returned=pieces),
}


class Story:
    """What the log told of one session up to an offset."""

    def __init__(self) -> None:
        self.until = 0
        self.seconds: dict[int, Settled] = {0: Settled()}

    def add(self, second: int, told: Settled) -> None:
        """Take in pieces of a second."""
        self.seconds[second] = self.seconds.get(second, Settled()).plus(told)

    def gather(self, now_s: int) -> None:
        """Add what is older than what is kept to second 0."""
        for second in [one for one in self.seconds if 0 < one < now_s - KEPT_S]:
            self.add(0, self.seconds.pop(second))

    @property
    def total(self) -> Settled:
        """All pieces."""
        return Settled(*map(sum, zip(*self.seconds.values(), strict=True)))


class Stories:
    """Reads what the log tells of sessions, and keeps it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._kept: OrderedDict[tuple[str, str], Story] = OrderedDict()

    async def of(self, sale_id: str, session_id: str, now_s: int) -> Story:
        """Return the story of a session, up to what the warehouse has loaded."""
        key = sale_id, session_id
        story = self._kept.pop(key, None) or Story()
        until = (await watermark(self._warehouse)).offset
        if until < story.until:  # the warehouse is being loaded anew
            story = Story()
        if until > story.until:
            await self._read(key, story, until)
        story.gather(now_s)
        self._kept[key] = story
        while len(self._kept) > STORIES_MAX:
            self._kept.popitem(last=False)
        return story

    async def _read(self, key: tuple[str, str], story: Story, until: int) -> None:
        sale, session = key
        asked = {"after": story.until, "until": until, "sale": sale, "session": session}
        rows = (await self._warehouse.query(_TOLD, asked)).rows
        for event, second, pieces in rows:
            story.add(int(second), _PLACES[event](int(pieces)))
        story.until = until
