"""The management endpoints of coupon batches beside the documents themselves."""

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.code_book import Batch, compile_batch
from queqiao.decide.promotions.coupons.code_files import FORMS, Form, code_file
from queqiao.decide.promotions.coupons.codes import LENGTH
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Handler, Request, Response, Route
from queqiao.kernel.text import clean
from queqiao.ports.records import audit, documents
from queqiao.ports.records.base import Records

_TAGS = ("coupons",)
_LISTED_AT_ONCE = 10_000


class CouponServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``secret`` makes the codes: the same as ``decide`` reads with."""

    records: Records
    secret: bytes


def handlers(services: CouponServices) -> list[Route]:
    """Return the routes of the console role."""
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
        batch_id = clean(request.params["id"], "id", 64)
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
    who = request.principal
    assert who is not None
    actor = audit.Actor(who.id, who.name, request.client, request.headers.get("queqiao-trace", ""))
    summary = "codes {} to {}".format(*part)
    entry = audit.Entry("coupon_batch.download", "coupon_batch", batch_id, summary)
    audit.note(conn, actor, entry, request.now_us)


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
