"""What a deal must hold to be live: its campaign is booked, and what it promises is free."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT, Campaign
from queqiao.decide.ads.inventory import supply
from queqiao.decide.ads.inventory.availability import AHEAD_DAYS_MAX, Calendar
from queqiao.decide.ads.inventory.booking import Full, booked, most_free, overbooked
from queqiao.decide.ads.inventory.deal import DEAL, Deal
from queqiao.decide.ads.inventory.supply import NO_SUPPLIES, Supplies
from queqiao.kernel.clock import business_day
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.records import artifacts, documents
from queqiao.ports.records.documents import Stored

DAYS_TOLD_MAX = 7
"""So many full days are told in a refusal; the availability of a placement tells all."""


class DealDesk:
    """Checks deals by the shop's clock."""

    def __init__(self, zone: str) -> None:
        self._zone = zone

    def check_change(self, stored: Stored, conn: Connection) -> None:
        """Raise InvalidInput for a campaign or placement that will not do, a late or full booking.

        With a reason a full booking is no error but a danger (``dangers``).
        """
        deal: Deal = stored.document
        wrong = _placements(conn, deal)
        if deal.kind == "guaranteed":
            wrong += _campaign(conn, deal) + _alone(conn, stored)
            wrong += self._late(conn, stored) + self._far(stored)
            if not wrong and deal.overbooking_reason is None:
                wrong += self._full(conn, stored)
        if wrong:
            raise InvalidInput(*wrong)

    def dangers(self, stored: Stored, conn: Connection) -> Sequence[FieldError]:
        """Return the days on which a deal with a reason books more than is free."""
        deal: Deal = stored.document
        if deal.kind != "guaranteed" or deal.overbooking_reason is None:
            return ()
        return self._full(conn, stored)

    def _late(self, conn: Connection, stored: Stored) -> list[FieldError]:
        was_live = any(
            one.state == "live" and one.revision < stored.revision
            for one in documents.history(conn, DEAL, stored.id)
        )
        today = business_day(stored.updated_at_us, self._zone)
        is_late = not was_live and _first(stored.document) < today
        return [FieldError("from_day", _LATE)] if is_late else []

    def _far(self, stored: Stored) -> list[FieldError]:
        today = date.fromisoformat(business_day(stored.updated_at_us, self._zone))
        last = date.fromisoformat(_last(stored.document))
        return [FieldError("to_day", _FAR)] if (last - today).days > AHEAD_DAYS_MAX else []

    def _full(self, conn: Connection, stored: Stored) -> list[FieldError]:
        today = business_day(stored.updated_at_us, self._zone)
        calendar = Calendar(supplies_at(conn, today))
        others = booked(
            (one.document for one in documents.live(conn, DEAL) if one.id != stored.id), calendar
        )
        full = overbooked(stored.document, others, calendar)
        if not full:
            return []
        return [
            FieldError("impressions", _told(full, most_free(stored.document, others, calendar)))
        ]


def supplies_at(conn: Connection, today: str) -> Supplies:
    """Return what was counted of supply; without any, as of today."""
    found = artifacts.get(conn, supply.ARTIFACT)
    if found is not None:
        return supply.decode(found[1])
    return Supplies(NO_SUPPLIES.at_us, today, {})


def _placements(conn: Connection, deal: Deal) -> list[FieldError]:
    wrong = []
    for at, name in enumerate(deal.placements):
        try:
            placement = documents.get(conn, PLACEMENT, name).document
        except NotFound:
            wrong.append(FieldError(f"placements[{at}]", _NO_PLACEMENT))
        else:
            if placement.currency != deal.currency:
                wrong.append(FieldError("currency", _CURRENCY))
    return wrong


def _campaign(conn: Connection, deal: Deal) -> list[FieldError]:
    try:
        campaign: Campaign = documents.get(conn, CAMPAIGN, deal.campaign or "").document
    except NotFound:
        return [FieldError("campaign", _NO_CAMPAIGN)]
    if campaign.sold != "booked":
        return [FieldError("campaign", _NOT_BOOKED)]
    missing = set(deal.placements) - set(campaign.placements)
    wrong = [FieldError("placements", _NOT_NAMED)] if missing else []
    return wrong + (
        [FieldError("currency", _CURRENCY)] if campaign.currency != deal.currency else []
    )


def _alone(conn: Connection, stored: Stored) -> list[FieldError]:
    """A campaign is paid from one budget a day, so one deal at a time has it."""
    mine: Deal = stored.document
    for other in documents.live(conn, DEAL):
        theirs: Deal = other.document
        if other.id == stored.id or theirs.campaign != mine.campaign:
            continue
        if _first(mine) <= _last(theirs) and _first(theirs) <= _last(mine):
            return [FieldError("campaign", _TAKEN)]
    return []


def _first(deal: Deal) -> str:
    return deal.from_day or ""


def _last(deal: Deal) -> str:
    return deal.to_day or ""


def _told(full: Sequence[Full], most: int) -> Message:
    days = "; ".join(
        f"{one.day} {one.placement}: {one.asked} > {one.free}" for one in full[:DAYS_TOLD_MAX]
    )
    more = len(full) - DAYS_TOLD_MAX
    days += f" (+{more})" if more > 0 else ""
    return Message(
        f"超过可预订量，最多可订 {most} 次；按天（需要 > 剩余）：{days}。"
        "请减少、换日期，或填写 overbooking_reason 由他人批准",
        f"is more than is free, which is {most}; by day (asked > free): {days}. Book fewer, take "
        "other days, or give an overbooking_reason, which another person has to allow",
    )


_LATE = Message("须从今天或以后开始", "must be today or later")
_FAR = Message(f"离今天最多 {AHEAD_DAYS_MAX} 天", f"must be within {AHEAD_DAYS_MAX} days of today")
_NO_PLACEMENT = Message("没有这个广告位", "no such placement")
_CURRENCY = Message(
    "须与广告位、计划的币种一致", "must be the currency of its placements and its campaign"
)
_NO_CAMPAIGN = Message("没有这个计划", "no such campaign")
_NOT_BOOKED = Message("计划的 sold 须为 booked", "must be a campaign that is sold as booked")
_TAKEN = Message(
    "该计划在这些天已有生效的合约；请为这份合约另建计划",
    "has a live deal on these days; make another campaign for this one",
)
_NOT_NAMED = Message(
    "计划的 placements 须包含合约的全部广告位", "must be among the placements of its campaign"
)
