"""What a token of a notice says, and the events that it makes."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from queqiao.decide.ads.charging import Bill, BillsOn
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.delivery.windows import CLICK_DAYS
from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.wallets.account import bill_among
from queqiao.kernel.envelope import EMPTY
from queqiao.kernel.errors import NotFound
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.own import own_event

PURPOSE = "ad notice"
Kind = Literal["impression", "view", "click", "conversion"]

EVENT_OF: dict[Kind, tuple[str, str]] = {
    "impression": ("Ad Viewed", "viewed"),
    "view": ("Ad Viewed", "viewed"),
    "click": ("Ad Clicked", "clicked"),
    "conversion": ("Ad Converted", "converted"),
}
"""The event of each notice, and the end of its message id. Impression and view are one event: the
ad was seen, whichever tells it first."""

VIEWABLE_EVENT = "Ad Viewable"
"""What a view is beside that: the ad was in view as the Media Rating Council says."""

REFUSED_EVENT_OF: dict[Kind, str] = {
    "impression": "Ad View Refused",
    "view": "Ad View Refused",
    "click": "Ad Click Refused",
    "conversion": "Ad Conversion Refused",
}
"""The event of a notice that is invalid traffic."""

REFUNDED_EVENT = "Ad Click Refunded"
"""A click that had counted and turned out invalid: ``cost_minor`` is what it gave back, below 0."""

BILLED_EVENT = "Ad Billed"
"""What an impression, a view or a conversion cost."""

_encoder = msgspec.msgpack.Encoder()


class Notice(Struct, frozen=True, array_like=True):
    """What a token says: one decision, and who saw it where. ``landing_url`` only on clicks.

    ``counter`` is that of the budget, ``also`` are those of the advertiser's account. ``is_test``:
    it is answered, and neither billed nor written. ``price_minor`` is for ``per`` notices of the
    kind ``bills_on``; ``lease`` is the ledger's key of the slice that holds the money.
    An order is owed to the ad for ``click_days`` after a click, for ``view_days`` after a view.
    """

    kind: Kind
    decision_id: str
    campaign_id: str
    creative_id: str
    placement_id: str
    price_minor: int
    currency: str
    counter: str
    channel: str
    anonymous_id: str | None
    user_id: str | None
    sku: str | None
    landing_url: str = ""
    also: tuple[str, ...] = ()
    advertiser: str = ""
    is_test: bool = False
    lease: str = ""
    bills_on: BillsOn = "click"
    per: int = 1
    click_days: int = CLICK_DAYS
    view_days: int = 0

    @property
    def is_billed(self) -> bool:
        """Whether this is the kind of notice that costs something."""
        return self.kind == self.bills_on

    @property
    def monthly(self) -> str | None:
        """The counter of the month's bill that it goes on; None where nobody is billed."""
        return bill_among(self.also)

    @property
    def bill(self) -> Bill:
        """What the decision may cost."""
        counters = (self.counter, *self.also)
        return Bill(self.decision_id, counters, self.price_minor, self.per, self.lease)


_decoder = msgspec.msgpack.Decoder(Notice)


class AdEvent(Struct, omit_defaults=True):
    """The properties of an event that a notice makes.

    The price is for ``per`` of the kind of notice ``bills_on``: a click where nothing is said.
    ``terms`` are those of a conversion that may follow (``delivery/conversions.py``).
    """

    decision_id: str
    campaign_id: str
    creative_id: str
    placement_id: str
    click_price_minor: int
    currency: str
    channel: str
    sku: str | None = None
    cost_minor: int | None = None
    bill: str | None = None
    reason: str | None = None
    detail: str | None = None
    bills_on: BillsOn = "click"
    per: int = 1
    window_days: int | None = None
    terms: str | None = None


def terms_of(notice: Notice) -> str:
    """Return what a conversion of the decision will need to know, without the person."""
    kept = replace(notice, kind="conversion", landing_url="", anonymous_id=None, user_id=None)
    return b64encode(_encoder.encode(kept)).decode()


def notice_of(terms: str) -> Notice:
    """Return the notice of a conversion from such terms, without the person."""
    return _decoder.decode(b64decode(terms))


def path_of(signer: Signer, notice: Notice) -> str:
    """Return the path at which the notice is to be told."""
    return f"/t/{signer.sign(_encoder.encode(notice), PURPOSE)}"


def read(signer: Signer, token: str) -> Notice:
    """Return what a token says. Raises NotFound when we did not sign it."""
    payload = signer.verify(token, PURPOSE)
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise NotFound from error


def events_of(notice: Notice, cost_minor: int | None, now_us: int) -> Iterator[NewEvent]:
    """Yield the events of a notice; what anything but a click costs is an event beside it."""
    event, suffix = EVENT_OF[notice.kind]
    if notice.kind == "click":
        days = None if notice.click_days == CLICK_DAYS else notice.click_days
        terms = terms_of(notice)
        yield told_event(
            notice, event, suffix, now_us, cost_minor=cost_minor, window_days=days, terms=terms
        )
        return
    if notice.kind == "view":
        seen_days = notice.view_days or None
        kept = terms_of(notice) if seen_days else None
        yield told_event(
            notice, VIEWABLE_EVENT, "viewable", now_us, window_days=seen_days, terms=kept
        )
    if cost_minor is None:
        yield told_event(notice, event, suffix, now_us)
        return
    yield told_event(notice, event, suffix, now_us)
    yield told_event(notice, BILLED_EVENT, "billed", now_us, cost_minor=cost_minor)


def refused(notice: Notice, verdict: Verdict, now_us: int) -> NewEvent:
    """A refused notice is written once by its kind, and once more for all of its repeats."""
    _, suffix = EVENT_OF[notice.kind]
    end = "repeated" if verdict.reason == "duplicate" else "refused"
    event = REFUSED_EVENT_OF[notice.kind]
    return told_event(notice, event, f"{suffix}-{end}", now_us, verdict=verdict)


def refunded(click: Notice, back_minor: int, now_us: int, detail: str = "") -> NewEvent:
    """Return the event of a click that turned out invalid, and of what it gave back."""
    verdict = Verdict("click_flood", detail)
    return told_event(
        click, REFUNDED_EVENT, "refunded", now_us, cost_minor=-back_minor, verdict=verdict
    )


def properties_of(notice: Notice) -> AdEvent:
    """Return what every event of a notice says."""
    return AdEvent(
        decision_id=notice.decision_id,
        campaign_id=notice.campaign_id,
        creative_id=notice.creative_id,
        placement_id=notice.placement_id,
        click_price_minor=notice.price_minor,
        currency=notice.currency,
        channel=notice.channel,
        sku=notice.sku,
        bills_on=notice.bills_on,
        per=notice.per,
    )


def told_event(
    notice: Notice,
    event: str,
    suffix: str,
    now_us: int,
    *,
    cost_minor: int | None = None,
    verdict: Verdict = VALID,
    reason: str | None = None,
    window_days: int | None = None,
    terms: str | None = None,
) -> NewEvent:
    """Return an event that a notice makes; ``suffix`` ends its message id."""
    properties = replace(
        properties_of(notice),
        cost_minor=cost_minor,
        bill=notice.monthly if cost_minor is not None else None,
        reason=reason or verdict.reason,
        detail=verdict.detail or None,
        window_days=window_days,
        terms=terms,
    )
    return new_event(
        f"{notice.decision_id}-{suffix}",
        event,
        properties,
        anonymous_id=notice.anonymous_id,
        user_id=notice.user_id,
        channel=notice.channel,
        now_us=now_us,
    )


def new_event(
    message_id: str,
    event: str,
    properties: Struct,
    *,
    anonymous_id: str | None,
    user_id: str | None,
    channel: str,
    now_us: int,
) -> NewEvent:
    """Return an event of this stage for the log; whatever comes under its id again is a repeat."""
    return own_event(
        message_id,
        event,
        properties,
        now_us,
        source=SOURCE,
        anonymous_id=anonymous_id,
        user_id=user_id,
        context=msgspec.Raw(msgspec.json.encode({"channel": channel})) if channel else EMPTY,
    )
