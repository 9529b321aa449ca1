"""Attribution: the last ad click of a person in the days before an order gets it."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from queqiao.ports.compute.base import KeyedMachine, Row
from queqiao.ports.compute.plan import Columns
from queqiao.process.attribution import counts_for


class Click(msgspec.Struct, frozen=True, array_like=True):
    """The last click."""

    at_us: int
    campaign: str


class Attribution(KeyedMachine[Click]):
    """Keyed by person, in order of time. Each order comes out with its campaign, or NULL.

    A campaign that the order itself names comes first. A click that names none counts as one too.
    """

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

    def __init__(self, click: str = "Ad Clicked", order: str = "Order Completed") -> None:
        self._click, self._order = click, order

    def see(self, key: str, state: Click | None, row: Row) -> tuple[Click | None, Sequence[Row]]:
        """Remember a click; give an order its campaign."""
        at, event, campaign, order_id, amount = row
        if event == self._click:
            return Click(at, campaign or ""), ()
        if event != self._order:
            return state, ()
        if not campaign and state is not None and counts_for(state.at_us, at):
            campaign = state.campaign
        return state, ((key, at, order_id, amount, campaign or None),)
