"""Which ad an order owes itself to: the last ad click of the person, at most seven days before."""

import msgspec

from queqiao.kernel.clock import DAY_US
from queqiao.process.identity import Who
from queqiao.process.state import Keyed

WINDOW_US = 7 * DAY_US
CLICKS_KEPT = 4
"""Clicks remembered per device and per user, so that an order that comes late finds its own."""


class Click(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One ad click."""

    at_us: int
    offset: int
    campaign_id: str
    decision_id: str


NO_CLICK = Click(0, 0, "", "")


def counts_for(click_at_us: int, order_at_us: int) -> bool:
    """Say whether a click is in the window of an order: both ends of it are."""
    return order_at_us - WINDOW_US <= click_at_us <= order_at_us


class LastClicks:
    """The last ad clicks by device and by user."""

    def __init__(self, state: Keyed[list[Click]]) -> None:
        self._state = state

    def clicked(self, who: Who, click: Click) -> None:
        """Remember a click for the device and for the person."""
        for key in _keys(who):
            self._add(key, [click])

    def linked(self, who: Who) -> None:
        """Give the user the clicks that the device made before the login."""
        clicks = self._state.get("a:" + who.anonymous_id)
        if clicks:
            self._add("u:" + who.user_id, clicks)

    def before(self, who: Who, at_us: int) -> Click:
        """Return the last click within the window before ``at_us``, or NO_CLICK."""
        clicks = [click for key in _keys(who) for click in self._state.get(key) or []]
        fitting = [click for click in clicks if counts_for(click.at_us, at_us)]
        return max(fitting, key=lambda click: (click.at_us, click.offset), default=NO_CLICK)

    def _add(self, key: str, clicks: list[Click]) -> None:
        merged = {click.offset: click for click in [*(self._state.get(key) or []), *clicks]}
        ordered = sorted(merged.values(), key=lambda click: (click.at_us, click.offset))
        self._state.put(key, ordered[-CLICKS_KEPT:])


def _keys(who: Who) -> list[str]:
    keys = ["a:" + who.anonymous_id] if who.anonymous_id else []
    if who.person_id != who.anonymous_id:
        keys.append("u:" + who.person_id)
    return keys
