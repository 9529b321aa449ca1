"""The management endpoints of promotions beside the documents themselves: printable codes."""

from collections.abc import Iterator

import msgspec

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.code_book import compile_batch
from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.kernel.http import Request, Response, Route
from queqiao.kernel.text import clean
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records

CODES_MAX = 1_000_000
"""How many codes one answer holds; ``from`` asks for those behind."""


class CouponServices(msgspec.Struct, frozen=True):
    """What the endpoints need. ``secret`` makes the codes: the same as ``decide`` reads with."""

    records: Records
    secret: bytes


def handlers(services: CouponServices) -> list[Route]:
    """Return the routes of the console role."""

    async def codes(request: Request) -> Response:
        batch_id = clean(request.params["id"], "id", 64)
        first = _first(request.query.get("from", "0"))
        stored = await services.records.read(
            lambda conn: documents.get(conn, COUPON_BATCH, batch_id)
        )
        lines = list(codes_of(batch_id, stored.document, services.secret, first))
        body = "".join(["code\r\n", *lines]).encode()
        name = f'attachment; filename="{batch_id}.csv"'
        return Response(200, body, "text/csv; charset=utf-8", (("content-disposition", name),))

    summary = Message(
        "下载券码，每次最多一百万个；from 续取", "Download codes, a million at a time"
    )
    path = "/api/v1/coupon-batches/{id}/codes.csv"
    return [Route("GET", path, codes, summary, "write", tags=("coupons",))]


def codes_of(
    batch_id: str, document: CouponBatchDocument, secret: bytes, first: int = 0
) -> Iterator[str]:
    """Yield lines of at most ``CODES_MAX`` codes, from number ``first`` on."""
    maker = compile_batch(batch_id, document, secret).maker
    if maker is None:
        for code in (document.codes or ())[first : first + CODES_MAX]:
            yield f"{normal(code)}\r\n"
        return
    for block in maker.codes(first, first + CODES_MAX):
        yield "\r\n".join(block) + "\r\n"


def _first(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) <= 9):
        message = Message("须为 0 或正整数", "0 or a positive whole number")
        raise InvalidInput(FieldError("from", message))
    return int(said)
