"""Signed notices: impression, view, click and conversion of one decision, each counted once.

A token carries all that the event needs, so that the place that takes notices needs no hot state.
The event's message id is made of the decision and the kind, so the log's own dedup makes repeats
harmless; a notice is answered when its event is on disk. The kind on which the decision bills (a
click where nothing else is said) is charged before it is written (``charging.py``), under the
decision's key, so a notice that was cut off may come again and costs the same. What another kind
than a click costs is an event of its own, ``Ad Billed``.

A notice that is invalid traffic (``traffic/``) is answered alike, frees its lease, and is written
under a name of its own with the reason, so nothing that counts what counted has to know of it. A
click whose flood came after it is refunded, and the refund is an event.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Literal
from urllib.parse import quote

import msgspec
import structlog
from msgspec import Struct

from queqiao.decide.ads.charging import Bill, BillsOn, free, late_key_of, settle
from queqiao.decide.ads.contracts import SOURCE
from queqiao.decide.ads.delivery.steps import DONE, STEPS, detail_of
from queqiao.decide.ads.delivery.windows import CLICK_DAYS, is_expired
from queqiao.decide.ads.traffic.contracts import VALID, Verdict
from queqiao.decide.ads.traffic.refunds import refund
from queqiao.decide.ads.traffic.watch import Caller, Watch
from queqiao.kernel.envelope import EMPTY
from queqiao.kernel.errors import Gone, Message, NotFound, Unavailable
from queqiao.kernel.http import Request, Response
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.event_log.own import own_event
from queqiao.ports.ledger.base import Ledger

log = structlog.get_logger()

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

_TOLD_ONCE = frozenset(("click", "conversion"))
"""Their event is of one kind of notice; that of an impression and a view is one of two."""

PIXEL = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
"""A transparent GIF of one pixel."""

_URL_SAFE = "%/:=&?~#+!$,;'@()*[]"
_NO_STORE = ("Cache-Control", "no-store")
_RETRY_PAGE = (
    b"<!doctype html><meta charset=utf-8><title>\xe2\x80\xa6</title>"
    b"<p>\xe6\xad\xa3\xe5\x9c\xa8\xe8\xb7\xb3\xe8\xbd\xac / One moment, please</p>"
)

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
        return self.also[-1] if self.also else None

    @property
    def bill(self) -> Bill:
        """What the decision may cost."""
        counters = (self.counter, *self.also)
        return Bill(self.decision_id, counters, self.price_minor, self.per, self.lease)


_decoder = msgspec.msgpack.Decoder(Notice)


class AdEvent(Struct, omit_defaults=True):
    """The properties of an event that a notice makes.

    The price is for ``per`` of the kind of notice ``bills_on``: a click where nothing is said.
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


class Notices:
    """Takes notices: charges clicks, writes the event, answers.

    Without a ``watch`` every notice counts.
    """

    def __init__(
        self,
        ledger: Ledger,
        event_log: EventLog,
        signer: Signer,
        watch: Watch[Notice] | None = None,
    ) -> None:
        self._ledger = ledger
        self._event_log = event_log
        self._signer = signer
        self._watch = watch
        self._is_giving_back = False

    async def take(self, request: Request) -> Response:
        """Answer ``GET /t/{token}``.

        When a shopper's click cannot be charged just now, the page asks again by itself in a
        second: neither the click nor its price is lost, and nothing is counted twice.
        """
        notice = read(self._signer, request.params["token"])
        if notice.is_test:
            return _answer(notice)
        if is_expired(notice.kind, notice.decision_id, request.now_us):
            return _too_late(notice)
        verdict = VALID
        if self._watch is not None:
            caller = Caller.of(request.headers, request.client)
            verdict = self._watch.judge(notice, caller, request.now_us)
        try:
            if verdict.valid:
                await self._note(notice, request.now_us)
            else:
                await self._refuse(notice, verdict, request.now_us)
        except Unavailable:
            if not notice.landing_url:
                raise
            headers = (("Retry-After", "1"), ("Refresh", "1"), _NO_STORE)
            return Response(503, _RETRY_PAGE, "text/html; charset=utf-8", headers)
        if self._watch is not None and self._watch.owed and not self._is_giving_back:
            await self._give_back(self._watch, request.now_us)
        return _answer(notice)

    async def take_step(self, name: str, token: str, request: Request) -> Response:
        """Answer ``GET /t/{step}.{token}``; see ``delivery/steps.py``."""
        notice, step = read(self._signer, token), STEPS[name]
        if notice.kind != "view":
            raise NotFound
        if is_expired("view", notice.decision_id, request.now_us):
            return _too_late(notice)
        caller = Caller.of(request.headers, request.client)
        if not notice.is_test and (self._watch is None or self._watch.judge_caller(caller).valid):
            reason = detail_of(request)
            told = _told(notice, step.event, step.suffix, request.now_us, reason=reason)
            await self._event_log.append([told])
        return DONE

    async def _note(self, notice: Notice, now_us: int) -> None:
        cost_minor = None
        if notice.is_billed:
            cost_minor = await settle(self._ledger, notice.bill, now_us)
        outcome, *_ = await self._event_log.append(list(_events(notice, cost_minor, now_us)))
        if self._watch is None:
            return
        self._watch.counted(notice, now_us)
        if outcome.status == "duplicate" and notice.kind in _TOLD_ONCE:
            await self._refuse(notice, Verdict("duplicate"), now_us)

    async def _refuse(self, notice: Notice, verdict: Verdict, now_us: int) -> None:
        if notice.is_billed and verdict.reason != "duplicate":
            with suppress(Unavailable):
                await free(self._ledger, notice.bill, now_us)
        await self._event_log.append([_refused(notice, verdict, now_us)])

    async def _give_back(self, watch: Watch[Notice], now_us: int) -> None:
        """Refund the clicks whose flood came after; what cannot be done now is done next time.

        One notice does it for all that come meanwhile: they are answered at once.
        """
        self._is_giving_back = True
        try:
            for click in list(watch.owed.values()):
                await self._refund(click, now_us)
                watch.owed.pop(click.decision_id, None)
        except Unavailable:
            log.debug("clicks are refunded later", clicks=len(watch.owed))
        finally:
            self._is_giving_back = False

    async def _refund(self, click: Notice, now_us: int) -> None:
        keys = (click.decision_id, late_key_of(click.decision_id))
        back_minor = await refund(self._ledger, keys, click.counter, now_us)
        await self._event_log.append([_refunded(click, back_minor, now_us)])


def _events(notice: Notice, cost_minor: int | None, now_us: int) -> Iterator[NewEvent]:
    """Yield the event of a notice; what anything but a click costs is an event beside it."""
    event, suffix = EVENT_OF[notice.kind]
    if notice.kind == "view":
        days = notice.view_days or None
        yield _told(notice, VIEWABLE_EVENT, "viewable", now_us, window_days=days)
    if cost_minor is None or notice.kind == "click":
        days = None if notice.click_days == CLICK_DAYS else notice.click_days
        days = days if notice.kind == "click" else None
        yield _told(notice, event, suffix, now_us, cost_minor=cost_minor, window_days=days)
        return
    yield _told(notice, event, suffix, now_us)
    yield _told(notice, BILLED_EVENT, "billed", now_us, cost_minor=cost_minor)


def _refused(notice: Notice, verdict: Verdict, now_us: int) -> NewEvent:
    """A refused notice is written once by its kind, and once more for all of its repeats."""
    _, suffix = EVENT_OF[notice.kind]
    end = "repeated" if verdict.reason == "duplicate" else "refused"
    event = REFUSED_EVENT_OF[notice.kind]
    return _told(notice, event, f"{suffix}-{end}", now_us, verdict=verdict)


def _refunded(click: Notice, back_minor: int, now_us: int) -> NewEvent:
    verdict = Verdict("click_flood")
    return _told(click, REFUNDED_EVENT, "refunded", now_us, cost_minor=-back_minor, verdict=verdict)


def _told(
    notice: Notice,
    event: str,
    suffix: str,
    now_us: int,
    *,
    cost_minor: int | None = None,
    verdict: Verdict = VALID,
    reason: str | None = None,
    window_days: int | None = None,
) -> NewEvent:
    properties = AdEvent(
        decision_id=notice.decision_id,
        campaign_id=notice.campaign_id,
        creative_id=notice.creative_id,
        placement_id=notice.placement_id,
        click_price_minor=notice.price_minor,
        currency=notice.currency,
        channel=notice.channel,
        sku=notice.sku,
        cost_minor=cost_minor,
        bill=notice.monthly if cost_minor is not None else None,
        reason=reason or verdict.reason,
        detail=verdict.detail or None,
        bills_on=notice.bills_on,
        per=notice.per,
        window_days=window_days,
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


_TOO_LATE = Message("这条广告通知已过期，不再计入", "this notice of an ad is too old to be counted")


def _too_late(notice: Notice) -> Response:
    """Lead a shopper on whose click is too old to be counted. Raises Gone for other notices."""
    if notice.landing_url:
        return _answer(notice)
    raise Gone(_TOO_LATE)


def _answer(notice: Notice) -> Response:
    if notice.landing_url:
        location = quote(notice.landing_url, safe=_URL_SAFE)
        return Response(302, b"", "text/plain", (("Location", location), _NO_STORE))
    if notice.kind == "impression":
        return Response(200, PIXEL, "image/gif", (_NO_STORE,))
    return Response(204, b"", "text/plain", (_NO_STORE,))
