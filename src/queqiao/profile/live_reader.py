"""Reads what a person did lately, while they wait: from the live rows, within a deadline.

Whoever asks is answered in time: a store that is away or slow is the answer ``unavailable``, and is
then left alone for ``PAUSE_S``, so that a dead one costs one caller the deadline and the others
nothing. A call about another time than now, as a demo's lived history makes, is told nothing: live
rows are of now.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Literal
from unicodedata import normalize

import msgspec
import structlog

from queqiao.kernel.clock import MINUTE_US, Clock
from queqiao.kernel.errors import QueqiaoError
from queqiao.ports.profile_rows.base import ProfileRows
from queqiao.profile import live_state
from queqiao.profile.live import EMPTY, Live, Recent, decoded, recent
from queqiao.profile.live_state import key_of

log = structlog.get_logger()

WITHIN_S = 0.05
PAUSE_S = 1.0
OF_NOW_US = MINUTE_US

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

    async def told(self, ids: Sequence[str], now_us: int) -> Told:
        """Return what is known of one person by their ids: a user's and a device's. Never raises.

        A device's row alone leads to the user that it belongs to. Ids are taken in NFC, as they lie
        in the log.
        """
        ids = [normalize("NFC", one) for one in dict.fromkeys(ids) if one]
        if not ids or abs(self._clock.now_us() - now_us) > OF_NOW_US:
            return UNKNOWN
        if self._monotonic() < self._paused_until:
            return UNAVAILABLE
        try:
            async with asyncio.timeout(self._within_s):
                found = await self._found(ids)
        except (QueqiaoError, OSError, TimeoutError, msgspec.MsgspecError) as error:
            self._paused_until = self._monotonic() + PAUSE_S
            reason = str(error) or f"no answer within {self._within_s * 1000:.0f} ms"
            log.warning("decided without the live rows", reason=reason)
            return UNAVAILABLE
        known = recent(found, now_us, self._zone)
        return UNKNOWN if known.is_empty else Told("known", known)

    async def _found(self, ids: Sequence[str]) -> list[Live]:
        cell = (await self._rows.get([live_state.KEY])).get(live_state.KEY, {})
        if live_state.COLUMN not in cell:
            return [EMPTY]
        state = msgspec.json.decode(cell[live_state.COLUMN].value, type=live_state.LiveState)
        if state.read is None:
            return [EMPTY]
        found = await self._rows_of(state.read.generation, ids)
        if len(ids) > 1:
            return found  # who it is was said: the device may have been another's before
        users = {row.link.user for row in found} - {"", *ids}
        return found + await self._rows_of(state.read.generation, sorted(users))

    async def _rows_of(self, generation: int, ids: Sequence[str]) -> list[Live]:
        if not ids:
            return []
        found = await self._rows.get([key_of(generation, one) for one in ids])
        return [decoded(row) for row in found.values()]
