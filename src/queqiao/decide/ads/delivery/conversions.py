"""Conversions: what an ad led to, counted once whoever tells it.

Three may tell: the page by its notice, the advertiser's server by a postback, and an order of our
own shop (``own_orders.py``). What is known of the ad comes from its click, else from its view: both
keep the terms of a conversion, with the campaign's windows as they were.

Once: an order is claimed first, under an id made of advertiser and order, so that a second decision
cannot have it too. Then the decision's first conversion is written under an id of its own, and what
it costs with it. So whoever names no order and whoever names one tell the same conversion, and the
second is a repeat. Further orders of one decision count, and cost nothing more.
"""

from hashlib import blake2b
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.charging import settle
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.notice_events import (
    BILLED_EVENT,
    AdEvent,
    Notice,
    new_event,
    notice_of,
    properties_of,
    told_event,
)
from queqiao.decide.ads.rebuilt import is_settled, served
from queqiao.kernel.clock import DAY_US, MINUTE_US, SECOND_US
from queqiao.kernel.envelope import Envelope, decode_envelope
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event
from queqiao.ports.ledger.base import Ledger

By = Literal["click", "view"]
Teller = Literal["notice", "postback", "order"]
Status = Literal["counted", "duplicate", "refused"]
Refusal = Literal["unknown_click", "outside_window", "invalid_click", "other_advertiser"]

SKEW_US = MINUTE_US
"""By so much the clocks of two shops may differ: an order may seem to come before its click."""

REFUSED_EVENT = "Ad Conversion Refused"
CLAIM_EVENT = "Ad Order Claimed"


class Told(Struct, frozen=True):
    """What is told of a conversion that happened at ``at_us``.

    ``advertiser``: whoever tells may speak for this one only; None for all.
    """

    decision_id: str
    at_us: int
    told_by: Teller
    order_id: str | None = None
    value_minor: int | None = None
    currency: str | None = None
    advertiser: str | None = None


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of it. ``age_s``: so long after the click or view it happened."""

    status: Status
    reason: Refusal | None = None
    attributed_by: By | None = None
    age_s: int | None = None


class Touch(Struct, frozen=True):
    """The click or view that it is owed to, with the notice that it had kept; ``by`` None: none."""

    notice: Notice
    by: By | None = None
    age_s: int | None = None


class ConversionEvent(AdEvent, omit_defaults=True, kw_only=True):
    """The properties of ``Ad Converted``, and of ``Ad Billed`` for one that costs something.

    ``currency`` is that of ``total_minor``, or of the cost.
    """

    order_id: str | None = None
    total_minor: int | None = None
    attributed_by: By | None = None
    attribution_age_s: int | None = None
    told_by: Teller | None = None


class _Kept(Struct):
    """What of a written event is read again. Of one whose person was erased nothing may be left."""

    terms: str | None = None
    order_id: str | None = None


_kept = msgspec.json.Decoder(_Kept)


class Conversions:
    """Counts conversions. Holds no state: the log knows what was told."""

    def __init__(self, ledger: Ledger, event_log: EventLog) -> None:
        self._ledger = ledger
        self._event_log = event_log

    async def count(self, told: Told, now_us: int) -> Outcome:
        """Count what is told beside the page; its answer is the same when it is told again.

        Raises Unavailable while the ledger or the log is away: it has to be told again.
        """
        found = await self._touch(told)
        if isinstance(found, str):
            return Outcome("refused", found)
        if told.advertiser not in {None, found.notice.advertiser}:
            return Outcome("refused", "other_advertiser")
        return await self._once(told, found, now_us)

    async def note(self, notice: Notice, told: Told, now_us: int) -> bool:
        """Count what a page tells by its notice; say whether it is new.

        It needs no click that we know of, as long as there is none that is too old or invalid.
        """
        found = await self._touch(told)
        if isinstance(found, str) and found != "unknown_click":
            refused = told_event(notice, REFUSED_EVENT, "converted-refused", now_us, reason=found)
            await self._event_log.append([refused])
            return True
        touch = Touch(notice) if isinstance(found, str) else found
        return (await self._once(told, touch, now_us)).status == "counted"

    async def _touch(self, told: Told) -> Touch | Refusal:
        """Return the click in its window, else the view in its window, or why there is none."""
        why: Refusal = "unknown_click"
        for by in ("click", "view"):
            event = await self._kept(told.decision_id, by)
            if event is None:
                continue
            notice, at_us = event
            days = notice.click_days if by == "click" else notice.view_days
            age_us = told.at_us - at_us
            if not -SKEW_US <= age_us <= days * DAY_US:
                why = "outside_window"
            elif by == "click" and await self._find(f"{told.decision_id}-refunded"):
                return "invalid_click"
            else:
                return Touch(notice, by, max(0, age_us) // SECOND_US)
        return why

    async def _kept(self, decision_id: str, by: str) -> tuple[Notice, int] | None:
        """Return the terms that a click or view has kept, for its person, and when it was."""
        envelope = await self._find(f"{decision_id}-{'clicked' if by == 'click' else 'viewable'}")
        terms = _kept.decode(envelope.properties).terms if envelope else None
        if envelope is None or terms is None:
            return None
        person = {"anonymous_id": envelope.anonymous_id, "user_id": envelope.user_id}
        return replace(notice_of(terms), **person), envelope.timestamp_us

    async def _find(self, message_id: str) -> Envelope | None:
        found = await self._event_log.find(message_id, SOURCE)
        return decode_envelope(found[0].body) if found else None

    async def _once(self, told: Told, touch: Touch, now_us: int) -> Outcome:
        counted = Outcome("counted", None, touch.by, touch.age_s)
        repeat = Outcome("duplicate", None, touch.by, touch.age_s)
        notice = touch.notice
        if told.order_id is not None and not await self._claim(told, notice):
            return repeat
        first = [_converted(told, touch, "converted")]
        if notice.is_billed:
            cost_minor = await settle(self._ledger, notice.bill, now_us)
            first.append(_billed(told, touch, cost_minor, now_us))
            if is_settled(notice, now_us):
                first.append(served(notice))
        outcome, *_ = await self._event_log.append(first)
        if outcome.status == "stored":
            return counted
        before = await self._find(f"{notice.decision_id}-converted")
        order_id = _kept.decode(before.properties).order_id if before else None
        if told.order_id is None or order_id in {None, told.order_id}:
            return repeat
        further = _converted(told, touch, f"converted-{_digest(notice, told.order_id)}")
        (outcome,) = await self._event_log.append([further])
        return counted if outcome.status == "stored" else repeat

    async def _claim(self, told: Told, notice: Notice) -> bool:
        """Say whether an order is this decision's: of two, that which was told first has it."""
        decision_id, order_id = notice.decision_id, told.order_id or ""
        claim = own_event(
            f"order-{_digest(notice, order_id)}",
            CLAIM_EVENT,
            {"decision_id": decision_id, "campaign_id": notice.campaign_id, "order_id": order_id},
            told.at_us,
            source=SOURCE,
            anonymous_id=notice.anonymous_id,
            user_id=notice.user_id,
            said=decision_id.encode(),
        )
        (outcome,) = await self._event_log.append([claim])
        return outcome.status != "conflict"


def _digest(notice: Notice, order_id: str) -> str:
    """Name an order of an advertiser: two of them may count alike."""
    said = f"{len(notice.advertiser)}:{notice.advertiser}:{order_id}"
    return blake2b(said.encode(), digest_size=16).hexdigest()


def _converted(told: Told, touch: Touch, suffix: str) -> NewEvent:
    currency = told.currency or touch.notice.currency
    said = _said(told, touch, currency=currency, total_minor=told.value_minor)
    return _event(said, touch.notice, "Ad Converted", suffix, told.at_us)


def _billed(told: Told, touch: Touch, cost_minor: int, now_us: int) -> NewEvent:
    said = _said(told, touch, cost_minor=cost_minor, bill=touch.notice.monthly)
    return _event(said, touch.notice, BILLED_EVENT, "billed", now_us)


def _said(told: Told, touch: Touch, **more: Any) -> ConversionEvent:
    return ConversionEvent(
        **msgspec.structs.asdict(properties_of(touch.notice)) | more,
        order_id=told.order_id,
        attributed_by=touch.by,
        attribution_age_s=touch.age_s,
        told_by=told.told_by,
    )


def _event(said: ConversionEvent, notice: Notice, event: str, suffix: str, at_us: int) -> NewEvent:
    return new_event(
        f"{notice.decision_id}-{suffix}",
        event,
        said,
        anonymous_id=notice.anonymous_id,
        user_id=notice.user_id,
        channel=notice.channel,
        now_us=at_us,
    )
