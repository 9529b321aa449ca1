"""The management endpoints of coupon batches beside the documents themselves."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.code_book import Batch, compile_batch
from queqiao.decide.promotions.coupons.code_files import FORMS, Form, code_file
from queqiao.decide.promotions.coupons.codes import LENGTH
from queqiao.decide.promotions.coupons.creation import CouponView, NewCoupon, RefuseDangers, create
from queqiao.decide.promotions.coupons.gift_endpoints import Giving, actor_of, gift_routes
from queqiao.decide.promotions.coupons.known_batches import BatchShelf
from queqiao.decide.promotions.coupons.operators import (
    CodeView,
    CouponOffice,
    NewVoid,
    VoidList,
)
from queqiao.decide.promotions.coupons.statistics import BatchStatistics
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Handler, Request, Response, Route, json_response
from queqiao.kernel.ids import IdSource
from queqiao.kernel.paging import dry_run_of
from queqiao.kernel.text import clean
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import audit, documents
from queqiao.ports.records.base import Records
from queqiao.ports.warehouse.base import Warehouse

_TAGS = ("coupons",)
_LISTED_AT_ONCE = 10_000
VOID_BYTES_MAX = 1_000_000
COUPON_BYTES_MAX = 8_000_000


class CouponServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``secret`` makes the codes: the same as ``decide`` reads with.

    ``refuse_dangers`` keeps a coupon from being live at once where another person must allow it.
    """

    records: Records
    secret: bytes
    ledger: Ledger
    warehouse: Warehouse
    event_log: EventLog
    ids: IdSource
    refuse_dangers: RefuseDangers


def handlers(services: CouponServices) -> list[Route]:
    """Return the routes of the console role."""
    office = CouponOffice(
        services.records,
        services.ledger,
        services.warehouse,
        services.secret,
        BatchShelf(services.secret),
    )
    giving = Giving(services.records, services.event_log, services.secret, services.ids)
    made = [*_downloads(services), *_office_routes(office), *gift_routes(giving)]
    return [_creation(services.records, services.refuse_dangers), *made]


def _creation(records: Records, refuse_dangers: RefuseDangers) -> Route:
    async def make(request: Request) -> Response:
        asked = request.decode(NewCoupon, COUPON_BYTES_MAX)
        edit = documents.Edit(actor_of(request), request.now_us, dry_run=dry_run_of(request))
        view = await records.write(lambda conn: create(conn, asked, edit, refuse_dangers))
        return json_response(view, 201)

    return Route(
        "POST", "/api/v1/coupons", make,
        Message("一步建券：批次与促销", "A coupon in one act: its batch and its promotion"),
        "write", NewCoupon, CouponView, _TAGS, COUPON_BYTES_MAX, status=201,
    )  # fmt: skip


def _office_routes(office: CouponOffice) -> list[Route]:
    batch = "/api/v1/coupon-batches/{id}"

    async def code(request: Request) -> Response:
        said = clean(request.params["code"], "code", 64)
        return json_response(await office.code(said, request.now_us))

    async def statistics(request: Request) -> Response:
        return json_response(await office.statistics(_batch_id(request), request.now_us))

    async def voided(request: Request) -> Response:
        return json_response(await office.voided(_batch_id(request)))

    async def void(request: Request) -> Response:
        asked = request.decode(NewVoid, VOID_BYTES_MAX)
        asked = replace(asked, reason=clean(asked.reason, "reason", 500))
        actor = actor_of(request)
        return json_response(await office.void(_batch_id(request), asked, actor, request.now_us))

    return [
        Route(
            "GET", "/api/v1/coupons/{code}", code,
            Message("一个券码的状态、持有人与经过", "A code: its state, holder and history"),
            "read", response_type=CodeView, tags=_TAGS,
        ),
        Route(
            "GET", f"{batch}/statistics", statistics,
            Message("批次统计：各状态之和等于总次数", "What became of a batch; states add up"),
            "read", response_type=BatchStatistics, tags=_TAGS,
        ),
        Route(
            "GET", f"{batch}/voids", voided, Message("作废的券码", "Void codes of a batch"),
            "read", response_type=VoidList, tags=_TAGS,
        ),
        Route(
            "POST", f"{batch}/voids", void,
            Message("作废券码：列出、按号段或全部", "Make codes void: listed, a range, or all"),
            "write", NewVoid, VoidList, _TAGS, VOID_BYTES_MAX,
        ),
    ]  # fmt: skip


def _batch_id(request: Request) -> str:
    return clean(request.params["id"], "id", 64)


def _downloads(services: CouponServices) -> list[Route]:
    summary = Message(
        "下载券码文件，边生成边发送；from 与 count 取其中一段",
        "Download codes, sent while they are made; from and count take a part",
    )
    return [
        Route(
            "GET", f"/api/v1/coupon-batches/{{id}}/codes.{form}", _download(services, form),
            summary, "write", tags=_TAGS,
        )
        for form in FORMS
    ]  # fmt: skip


def _download(services: CouponServices, form: Form) -> Handler:
    async def download(request: Request) -> Response:
        batch_id = _batch_id(request)
        stored = await services.records.read(
            lambda conn: documents.get(conn, COUPON_BATCH, batch_id)
        )
        batch = compile_batch(batch_id, stored.document, services.secret)
        first, end = part_of(request, batch.count)
        await services.records.write(lambda conn: _note(conn, request, batch_id, (first, end)))
        lines_bytes = None
        if batch.maker is not None:
            lines_bytes = (end - first) * (len(batch.maker.prefix) + LENGTH + len(b"\r\n"))
        return code_file(form, batch_id, "code", lines_of(batch, first, end), lines_bytes)

    return download


def _note(conn: Connection, request: Request, batch_id: str, part: tuple[int, int]) -> None:
    """Leave a row in the audit trail: who has the codes has the money."""
    summary = "codes {} to {}".format(*part)
    entry = audit.Entry("coupon_batch.download", "coupon_batch", batch_id, summary)
    audit.note(conn, actor_of(request), entry, request.now_us)


def part_of(request: Request, count: int) -> tuple[int, int]:
    """Return the numbers asked for, from the first to before the end. Raises InvalidInput."""
    first = _whole(request, "from", 0)
    wanted = _whole(request, "count", count)
    return min(first, count), min(first + wanted, count)


def lines_of(batch: Batch, first: int, end: int) -> Iterator[bytes]:
    """Yield a batch's codes as text, one a line."""
    if batch.maker is not None:
        yield from batch.maker.lines(first, end)
        return
    for start in range(first, end, _LISTED_AT_ONCE):
        codes = batch.codes[start : min(start + _LISTED_AT_ONCE, end)]
        yield ("\r\n".join(codes) + "\r\n").encode()


def _whole(request: Request, name: str, default: int) -> int:
    said = request.query.get(name, str(default))
    if not (said.isascii() and said.isdecimal() and len(said) <= 9):
        message = Message("须为 0 或正整数", "0 or a positive whole number")
        raise InvalidInput(FieldError(name, message))
    return int(said)
