"""Attribution: the last ad click of a person in the days before an order gets it."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from queqiao.kernel.clock import DAY_US
from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns

WITHIN_US = 7 * DAY_US
"""How long before an order a click counts; a click exactly so long before still does."""


class Click(msgspec.Struct, frozen=True, array_like=True):
    """The last click."""

    at_us: int
    campaign: str


class Attribution(KeyedMachine[Click]):
    """Keyed by person, in order of time. Each order comes out with its campaign, or NULL."""

    name = "attribution"
    state = Click
    reads: ClassVar[Columns] = {
        "at": "time",
        "event": "text",
        "campaign": "text",
        "order_id": "text",
        "amount": "int",
    }
    gives: ClassVar[Columns] = {
        "person": "text", "at": "time", "order_id": "text", "amount": "int", "campaign": "text",
    }  # fmt: skip

    def __init__(
        self, click: str = "Ad Clicked", order: str = "Order Completed", within_us: int = WITHIN_US
    ) -> None:
        self._click, self._order, self._within_us = click, order, within_us

    def see(self, key: str, state: Click | None, row: Row) -> tuple[Click | None, Sequence[Row]]:
        """Remember a click; give an order its campaign."""
        at, event, campaign, order_id, amount = row
        if event == self._click and campaign:
            return Click(at, campaign), ()
        if event != self._order:
            return state, ()
        recent = state is not None and at - state.at_us <= self._within_us
        return state, ((key, at, order_id, amount, state.campaign if state and recent else None),)
