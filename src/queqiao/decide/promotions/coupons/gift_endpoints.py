"""The endpoints of giving out: to customers by name at once, to a segment as work with progress."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import blake2b
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons import events, gifts
from queqiao.decide.promotions.coupons.code_book import Batch
from queqiao.decide.promotions.coupons.customers import customer_of
from queqiao.decide.promotions.coupons.gifts import Gift, GiftState
from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.coupons.operators import compiled
from queqiao.kernel import json
from queqiao.kernel.clock import format_rfc3339
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.paging import limit_of
from queqiao.kernel.text import clean
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.records import audit, documents
from queqiao.ports.records.base import Records
from queqiao.profile.contracts import SEGMENT

GIFT_BYTES_MAX = 1_000_000
LOOK_EVERY_S = 0.5
"""How often a stream of progress looks."""
_TAGS = ("coupons",)
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class NewGift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to give a coupon each: the members of a segment, or customers by name."""

    segment_id: Annotated[str, Meta(max_length=64)] = ""
    customer_ids: Annotated[tuple[Name, ...], Meta(max_length=10_000)] = ()


class GiftView(msgspec.Struct, frozen=True):
    """A giving: ``given`` of ``total`` so far. ``reason`` says why it failed.

    ``skipped``, once it is done: who had as many of the batch as one may have (``per_customer``).
    """

    id: str
    batch_id: str
    segment_id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    total: int
    given: int
    reason: str
    created_at: str
    finished_at: str | None
    skipped: int = 0


class GiftList(msgspec.Struct, frozen=True):
    """The latest givings of a batch, newest first."""

    items: list[GiftView]
    next_cursor: str | None = None


class Giving(msgspec.Struct, frozen=True):
    """What the endpoints work with."""

    records: Records
    event_log: EventLog
    secret: bytes
    ids: IdSource

    async def create(self, request: Request) -> Response:
        """Begin a giving. A retry with the same ``Idempotency-Key`` finds the first one."""
        asked = _checked(request.decode(NewGift, GIFT_BYTES_MAX))
        gift, given, batch = await self.records.write(
            lambda conn: self._create(conn, request, asked)
        )
        told = [events.of_issue(one, batch.code(one.number), batch.name) for one in given]
        if told:
            await self.event_log.append(told)
        answer = json_response(_view(gift), 200 if gift.is_over else 202)
        path = f"/api/v1/coupon-batches/{gift.batch_id}/gifts/{gift.id}"
        answer.headers = (("location", path),)
        return answer

    def _create(
        self, conn: Connection, request: Request, asked: NewGift
    ) -> tuple[Gift, list[Holding], Batch]:
        batch = compiled(conn, clean(request.params["id"], "id", 64), self.secret)
        _check_batch(conn, batch, asked)
        names = list(dict.fromkeys(asked.customer_ids))
        state: GiftState = "done" if names else "queued"
        finished_us = request.now_us if names else None
        who = actor_of(request)
        gift = Gift(
            self._id(request, who), batch.id, asked.segment_id, state, len(names), 0, "",
            request.now_us, who.id, finished_us,
        )  # fmt: skip
        given, refused = gifts.give(conn, batch, names, gift.id, request.now_us)
        if refused is not None:  # all or nobody
            raise refused
        gift = gifts.create(conn, msgspec.structs.replace(gift, given=len(given)))
        whom = asked.segment_id or f"{len(names)} customers"
        entry = audit.Entry("coupon_batch.give", COUPON_BATCH.name, batch.id, f"to {whom}")
        audit.note(conn, who, entry, request.now_us)
        return gift, given, batch

    def _id(self, request: Request, who: audit.Actor) -> str:
        key = clean(request.headers.get("idempotency-key", ""), "Idempotency-Key", 255)
        if not key:
            return self.ids.new().replace("-", "")
        said = "\x1f".join((who.id, request.params["id"], key))
        return blake2b(said.encode(), digest_size=16).hexdigest()

    async def list(self, request: Request) -> Response:
        """Return the latest givings."""
        batch_id, limit = clean(request.params["id"], "id", 64), limit_of(request)
        found = await self.records.read(lambda conn: gifts.of_batch(conn, batch_id, limit))
        return json_response(GiftList([_view(gift) for gift in found]))

    async def show(self, request: Request) -> Response:
        """Return one giving."""
        return json_response(_view(await self._get(request)))

    async def cancel(self, request: Request) -> Response:
        """End one giving."""
        named = _named(request)
        gift = await self.records.write(lambda conn: gifts.cancel(conn, *named, request.now_us))
        return json_response(_view(gift))

    async def progress(self, request: Request) -> Response:
        """Stream the giving whenever it has got on, until it is over (server-sent events)."""
        gift = await self._get(request)
        headers = (("cache-control", "no-store"),)
        return Response(200, b"", "text/event-stream", headers, self._stream(request, gift))

    async def _stream(self, request: Request, gift: Gift) -> AsyncIterator[bytes]:
        yield _event(gift)
        while not gift.is_over:
            await asyncio.sleep(LOOK_EVERY_S)
            now = await self._get(request)
            yield _event(now) if now != gift else b": still at it\n\n"
            gift = now

    async def _get(self, request: Request) -> Gift:
        named = _named(request)
        return await self.records.read(lambda conn: gifts.get(conn, *named))


def gift_routes(giving: Giving) -> list[Route]:
    """Return the routes of giving out."""
    path = "/api/v1/coupon-batches/{id}/gifts"
    one = f"{path}/{{gift_id}}"
    return [
        Route(
            "POST", path, giving.create,
            Message("发券给人群或顾客", "Give coupons to a segment or to customers"),
            "write", NewGift, GiftView, _TAGS, GIFT_BYTES_MAX, status=202,
        ),
        Route("GET", path, giving.list, Message("批次的发放", "Givings of a batch"), "read",
              response_type=GiftList, tags=_TAGS),
        Route("GET", one, giving.show, Message("一次发放的进度", "How far a giving is"), "read",
              response_type=GiftView, tags=_TAGS),
        Route("GET", f"{one}/events", giving.progress,
              Message("发放进度流 (SSE)", "Progress of a giving, as server-sent events"), "read",
              tags=_TAGS),
        Route("POST", f"{one}/cancel", giving.cancel, Message("停止发放", "End a giving"), "write",
              response_type=GiftView, tags=_TAGS),
    ]  # fmt: skip


def actor_of(request: Request) -> audit.Actor:
    """Return who acts, for the audit trail."""
    who = request.principal
    assert who is not None  # the routes are guarded
    trace_id = request.headers.get("queqiao-trace", "")
    return audit.Actor(who.id, who.name, request.client, trace_id)


def _checked(asked: NewGift) -> NewGift:
    if bool(asked.segment_id) == bool(asked.customer_ids):
        message = Message(
            "segment_id 与 customer_ids 须且只能填一个", "give either segment_id or customer_ids"
        )
        raise InvalidInput(FieldError("segment_id", message))
    names = [customer_of(name, f"customer_ids[{n}]") for n, name in enumerate(asked.customer_ids)]
    segment_id = clean(asked.segment_id, "segment_id", 64)
    return NewGift(segment_id, tuple(names))


def _check_batch(conn: Connection, batch: Batch, asked: NewGift) -> None:
    """Raise InvalidInput for a batch that belongs to nobody, or a segment that there is not."""
    if batch.personal is None:
        message = Message("该批次不是专属券", "the batch is not of personal coupons")
        raise InvalidInput(FieldError("id", message))
    if asked.segment_id:
        try:
            documents.get(conn, SEGMENT, asked.segment_id)
        except NotFound as error:
            message = Message("没有这个人群", "no such segment")
            raise InvalidInput(FieldError("segment_id", message)) from error


def _named(request: Request) -> tuple[str, str]:
    return clean(request.params["id"], "id", 64), clean(request.params["gift_id"], "gift_id", 64)


def _event(gift: Gift) -> bytes:
    return b"event: progress\ndata: " + json.encode(_view(gift)) + b"\n\n"


def _view(gift: Gift) -> GiftView:
    return GiftView(
        gift.id, gift.batch_id, gift.segment_id, gift.state, gift.total, gift.given, gift.reason,
        format_rfc3339(gift.created_at_us),
        None if gift.finished_at_us is None else format_rfc3339(gift.finished_at_us),
        gift.total - gift.given if gift.state == "done" else 0,
    )  # fmt: skip
