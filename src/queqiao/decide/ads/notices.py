"""Signed notices: impression, view, click and conversion of one decision, each counted once.

A token carries all that the event needs, so that the place that takes notices needs no hot state.
The event's message id is made of the decision and the kind, so the log's own dedup makes repeats
harmless; a notice is answered when its event is on disk. A click is charged before it is written,
under the decision's key, so a notice that was cut off may come again and costs the same.
"""

from hashlib import blake2b
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from queqiao.decide.ads.budgets import charge
from queqiao.decide.ads.contracts import SOURCE
from queqiao.kernel.envelope import Envelope, encode_envelope
from queqiao.kernel.errors import NotFound, Unavailable
from queqiao.kernel.http import Request, Response
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog, NewEvent
from queqiao.ports.ledger.base import Ledger

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
    """What a token says: one decision, and who saw it where. ``landing_url`` only on clicks."""

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


_decoder = msgspec.msgpack.Decoder(Notice)


class AdEvent(Struct, omit_defaults=True):
    """The properties of an event that a notice makes."""

    decision_id: str
    campaign_id: str
    creative_id: str
    placement_id: str
    click_price_minor: int
    currency: str
    channel: str
    sku: str | None = None
    cost_minor: int | None = None


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
    """Takes notices: charges clicks, writes the event, answers."""

    def __init__(self, ledger: Ledger, event_log: EventLog, signer: Signer) -> None:
        self._ledger = ledger
        self._event_log = event_log
        self._signer = signer

    async def take(self, request: Request) -> Response:
        """Answer ``GET /t/{token}``.

        When a shopper's click cannot be charged just now, the page asks again by itself in a
        second: neither the click nor its price is lost, and nothing is counted twice.
        """
        notice = read(self._signer, request.params["token"])
        try:
            await self._note(notice, request.now_us)
        except Unavailable:
            if not notice.landing_url:
                raise
            headers = (("Retry-After", "1"), ("Refresh", "1"), _NO_STORE)
            return Response(503, _RETRY_PAGE, "text/html; charset=utf-8", headers)
        return _answer(notice)

    async def _note(self, notice: Notice, now_us: int) -> None:
        cost_minor = None
        if notice.kind == "click":
            cost_minor = await charge(
                self._ledger, notice.decision_id, notice.counter, notice.price_minor, now_us
            )
        await self._event_log.append([_event(notice, cost_minor, now_us)])


def _event(notice: Notice, cost_minor: int | None, now_us: int) -> NewEvent:
    event, suffix = EVENT_OF[notice.kind]
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
    """Return an event of this stage for the log.

    The fingerprint is over the message id alone: whatever comes under it again is a repeat.
    """
    envelope = Envelope(
        message_id=message_id,
        type="track",
        timestamp_us=now_us,
        received_at_us=now_us,
        source=SOURCE,
        event=event,
        anonymous_id=anonymous_id,
        user_id=user_id,
        context=_raw({"channel": channel} if channel else {}),
        properties=_raw(properties),
    )
    fingerprint = blake2b(message_id.encode(), digest_size=8).digest()
    return NewEvent(SOURCE, message_id, encode_envelope(envelope), fingerprint)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def _answer(notice: Notice) -> Response:
    if notice.landing_url:
        location = quote(notice.landing_url, safe=_URL_SAFE)
        return Response(302, b"", "text/plain", (("Location", location), _NO_STORE))
    if notice.kind == "impression":
        return Response(200, PIXEL, "image/gif", (_NO_STORE,))
    return Response(204, b"", "text/plain", (_NO_STORE,))
