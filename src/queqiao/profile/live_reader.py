"""Reads what a person did lately, while they wait: from the live rows, within a deadline.

Whoever asks is answered in time: a store that is away or slow is the answer ``unavailable``, and is
then left alone for ``PAUSE_S``, so that a dead one costs one caller the deadline and the others
nothing. A call about another time than now, as a demo's lived history makes, is told nothing: live
rows are of now.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar
from unicodedata import normalize

import msgspec
import structlog

from queqiao.kernel.clock import MINUTE_US, Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.profile_rows.base import ProfileRows
from queqiao.profile import buyers, live_state
from queqiao.profile.buyers import Buyer, together
from queqiao.profile.live import EMPTY, Live, Recent, decoded, recent
from queqiao.profile.live_state import Building, key_of

log = structlog.get_logger()

WITHIN_S = 0.05
PAUSE_S = 1.0
OF_NOW_US = MINUTE_US

Row = TypeVar("Row", Live, Buyer)
Known = Literal["known", "unknown", "unavailable"]


class Told(msgspec.Struct, frozen=True):
    """What is known of a person: ``recent`` is None unless ``known`` is ``known``."""

    known: Known
    recent: Recent | None = None


UNKNOWN, UNAVAILABLE = Told("unknown"), Told("unavailable")


class LiveReader:
    """``within_s`` is the deadline of a call; ``monotonic`` counts seconds."""

    def __init__(
        self,
        rows: ProfileRows,
        clock: Clock,
        zone: str,
        within_s: float = WITHIN_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._zone = zone
        self._within_s = within_s
        self._monotonic = monotonic
        self._paused_until = 0.0

    async def buyer(self, ids: Sequence[str], now_us: int) -> Buyer | None:
        """Return what one person has bought and said of themselves, by their ids. Never raises.

        None where that cannot be told now, or no server of the shop's tells of anybody; whoever has
        no row has bought nothing.
        """
        found = await self._in_time(self._buyers, ids, now_us)
        return None if found is None else together(found)

    async def told(self, ids: Sequence[str], now_us: int) -> Told:
        """Return what is known of one person by their ids: a user's and a device's. Never raises.

        A device's row alone leads to the user that it belongs to. Ids are taken in NFC, as they lie
        in the log.
        """
        if not self._can_tell(ids, now_us):
            return UNKNOWN
        found = await self._in_time(self._found, ids, now_us)
        if found is None:
            return UNAVAILABLE
        known = recent(found, now_us, self._zone)
        return UNKNOWN if known.is_empty else Told("known", known)

    def _can_tell(self, ids: Sequence[str], now_us: int) -> bool:
        return any(ids) and abs(self._clock.now_us() - now_us) <= OF_NOW_US

    async def _in_time(
        self,
        find: Callable[[Sequence[str]], Awaitable[list[Row] | None]],
        ids: Sequence[str],
        now_us: int,
    ) -> list[Row] | None:
        """Return what is found within the deadline; None of another time, or when it is away."""
        if not self._can_tell(ids, now_us) or self._monotonic() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(self._within_s):
                return await find([normalize("NFC", one) for one in dict.fromkeys(ids) if one])
        except (QueqiaoError, OSError, TimeoutError, msgspec.MsgspecError) as error:
            self._paused_until = self._monotonic() + PAUSE_S
            reason = str(error) or f"no answer within {self._within_s * 1000:.0f} ms"
            log.warning("decided without the live rows", reason=reason)
            return None

    async def _buyers(self, ids: Sequence[str]) -> list[Buyer] | None:
        read = await self._read()
        if read is None or not read.trusts:
            return None
        found = await self._rows.get([key_of(read.generation, one) for one in ids])
        return [buyers.decoded(row) for row in found.values()]

    async def _found(self, ids: Sequence[str]) -> list[Live]:
        read = await self._read()
        if read is None:
            return [EMPTY]
        generation = read.generation
        found = await self._rows_of(generation, ids)
        if len(ids) > 1:
            return found  # who it is was said: the device may have been another's before
        users = {row.link.user for row in found} - {"", *ids}
        return found + await self._rows_of(generation, sorted(users))

    async def _read(self) -> Building | None:
        """Return which rows are to be read; None before any are made."""
        cell = (await self._rows.get([live_state.KEY])).get(live_state.KEY, {})
        if live_state.COLUMN not in cell:
            return None
        state = msgspec.json.decode(cell[live_state.COLUMN].value, type=live_state.LiveState)
        return state.read

    async def _rows_of(self, generation: int, ids: Sequence[str]) -> list[Live]:
        if not ids:
            return []
        found = await self._rows.get([key_of(generation, one) for one in ids])
        return [decoded(row) for row in found.values()]
