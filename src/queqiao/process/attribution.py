"""Which ad an order owes itself to: the last ad click of the person, else the last ad in view.

How long a click or a view counts is its campaign's: the event says it as ``window_days``, so that
what was decided is read again alike, whatever the campaign's document says by then. A click that
says nothing counts for seven days, a view that says nothing for none.
"""

from typing import Literal

import msgspec

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.vocabulary import ADS_SOURCE
from queqiao.process.facts import Fact
from queqiao.process.identity import Who
from queqiao.process.properties import text_of
from queqiao.process.state import Keyed

WINDOW_US = 7 * DAY_US
KEPT = 4
"""Clicks, and views, remembered per device and per user: an order that comes late finds its own."""

WINDOW_DAYS_MAX = 365
"""An event that says more of its window is taken to say this."""

By = Literal["", "click", "view"]

TOUCHES: dict[str, By] = {"Ad Clicked": "click", "Ad Viewable": "view"}

TAKEN_BACK = "Ad Click Refunded"
"""The event of a click that turned out invalid: no later order is owed to it."""

TOLD = frozenset((*TOUCHES, TAKEN_BACK))
"""The events that this has to see."""


class Touch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One click on an ad, or one ad that was in view; it counts for ``window_us`` after it."""

    at_us: int
    offset: int
    campaign_id: str
    decision_id: str
    by: By = "click"
    window_us: int = WINDOW_US


NO_TOUCH = Touch(0, 0, "", "", "")


def touch_of(fact: Fact) -> Touch:
    """Return the touch that an event tells of, NO_TOUCH when it counts for no order.

    A view counts only where the ads themselves wrote it.
    """
    envelope, named = fact.envelope, fact.named.properties
    by = TOUCHES.get(envelope.event or "", "")
    if not by or (by == "view" and envelope.source != ADS_SOURCE):
        return NO_TOUCH
    usual_days = WINDOW_US // DAY_US if by == "click" else 0
    days = usual_days if named.window_days is None else min(named.window_days, WINDOW_DAYS_MAX)
    if days <= 0:
        return NO_TOUCH
    campaign_id, decision_id = text_of(named.campaign_id), text_of(named.decision_id)
    at_us = envelope.timestamp_us
    return Touch(at_us, fact.offset, campaign_id, decision_id, by, days * DAY_US)


def counts_for(touch_at_us: int, order_at_us: int, window_us: int = WINDOW_US) -> bool:
    """Say whether a touch is in the window of an order: both ends of it are."""
    return order_at_us - window_us <= touch_at_us <= order_at_us


class LastTouches:
    """The last ad clicks, and ads in view, by device and by user."""

    def __init__(self, state: Keyed[list[Touch]]) -> None:
        self._state = state

    def touched(self, who: Who, touch: Touch) -> None:
        """Remember a touch for the device and for the person."""
        for key in _keys(who):
            self._add(key, [touch])

    def taken_back(self, who: Who, decision_id: str) -> None:
        """Forget the click on a decision's ad."""
        for key in _keys(who):
            known = self._state.get(key) or []
            kept = [one for one in known if (one.by, one.decision_id) != ("click", decision_id)]
            if len(kept) < len(known):
                self._state.put(key, kept)

    def linked(self, who: Who) -> None:
        """Give the user the touches that the device had before the login."""
        touches = self._state.get("a:" + who.anonymous_id)
        if touches:
            self._add("u:" + who.user_id, touches)

    def before(self, who: Who, at_us: int) -> Touch:
        """Return the last click within its window before ``at_us``, else the last such view.

        NO_TOUCH when there is neither.
        """
        known = [touch for key in _keys(who) for touch in self._state.get(key) or []]
        fitting = [one for one in known if counts_for(one.at_us, at_us, one.window_us)]
        return max(fitting, key=_rank, default=NO_TOUCH)

    def _add(self, key: str, touches: list[Touch]) -> None:
        merged = {one.offset: one for one in [*(self._state.get(key) or []), *touches]}
        ordered = sorted(merged.values(), key=_rank)
        views = [one for one in ordered if one.by == "view"][-KEPT:]
        self._state.put(key, views + [one for one in ordered if one.by == "click"][-KEPT:])


def _rank(touch: Touch) -> tuple[bool, int, int]:
    """Order touches: clicks after views, later ones after earlier ones."""
    return touch.by == "click", touch.at_us, touch.offset


def _keys(who: Who) -> list[str]:
    keys = ["a:" + who.anonymous_id] if who.anonymous_id else []
    if who.person_id != who.anonymous_id:
        keys.append("u:" + who.person_id)
    return keys
