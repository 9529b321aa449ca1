"""A coupon in one act: the batch of codes and the promotion that they unlock, made together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.coupons.publishing import check_live_coupon_batch
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.decide.promotions.publishing import check_live_promotion
from queqiao.kernel import json
from queqiao.kernel.documents import DocumentKind
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.records import documents

T = TypeVar("T", CouponBatchDocument, PromotionDocument)
RefuseDangers = Callable[[Connection, documents.Stored, str], None]
"""Raises Refused, with fields below the path, where another person must allow it to be live."""
_PARTS = {COUPON_BATCH.name: "batch", PROMOTION.name: "promotion"}


class NewCoupon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A coupon: ``batch`` and ``promotion`` as their documents, both under one ``id``.

    The promotion needs a code of the batch; it need not say so. ``publish``: both go live.
    """

    id: Annotated[str, Meta(min_length=1, max_length=64)]
    batch: CouponBatchDocument
    promotion: PromotionDocument
    publish: bool = False


class CouponView(msgspec.Struct, frozen=True):
    """The coupon that was made: its documents' id, revisions and states."""

    id: str
    batch_revision: int
    batch_state: str
    promotion_revision: int
    promotion_state: str


def create(
    conn: Connection, asked: NewCoupon, edit: documents.Edit, refuse_dangers: RefuseDangers
) -> CouponView:
    """Store both documents, or neither. The same coupon again is the one that is there.

    Raises InvalidInput and Refused with paths under ``batch`` and ``promotion``, and Conflict.
    """
    if asked.promotion.code_batch not in {None, asked.id}:
        message = Message("须为本券的编号，或留空", "the coupon's own id, or nothing")
        raise InvalidInput(FieldError("promotion.code_batch", message))
    made = _Made(conn, edit, refuse_dangers)
    promotion = replace(asked.promotion, code_batch=asked.id)
    batch = made.stored(COUPON_BATCH, asked.id, asked.batch)
    rule = made.stored(PROMOTION, asked.id, promotion)
    if asked.publish and not edit.dry_run:
        batch = made.live(COUPON_BATCH, batch, check_live_coupon_batch)
        rule = made.live(PROMOTION, rule, check_live_promotion)
    return CouponView(asked.id, batch.revision, batch.state, rule.revision, rule.state)


class _Made(NamedTuple):
    """Documents made in one transaction; what is wrong is named under their part's name."""

    conn: Connection
    edit: documents.Edit
    refuse_dangers: RefuseDangers

    def stored(self, kind: DocumentKind, name: str, document: T) -> documents.Stored:
        try:
            known = documents.get(self.conn, kind, name)
        except NotFound:
            with _under(_PARTS[kind.name]):
                return documents.create(self.conn, kind, name, document, self.edit)
        if json.encode(known.document) == json.encode(document):
            return known
        return documents.create(self.conn, kind, name, document, self.edit)  # raises Conflict

    def live(
        self,
        kind: DocumentKind,
        stored: documents.Stored,
        check: Callable[[T, Connection], None],
    ) -> documents.Stored:
        if stored.state == "live":
            return stored  # as a retry finds it
        with _under(_PARTS[kind.name]):
            live = documents.transition(self.conn, kind, stored.id, "live", self.edit)
            check(live.document, self.conn)
        self.refuse_dangers(self.conn, live, _PARTS[kind.name])
        return live


@contextmanager
def _under(path: str) -> Iterator[None]:
    """Put a part's name before the paths of what is wrong with it."""
    try:
        yield
    except InvalidInput as error:
        fields = [FieldError(_joined(path, field.path), field.message) for field in error.fields]
        raise InvalidInput(*fields, detail=error.detail) from error


def _joined(path: str, field: str) -> str:
    return field if field == "id" else f"{path}.{field}" if field else path
