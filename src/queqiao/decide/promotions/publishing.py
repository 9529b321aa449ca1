"""What must hold before a promotion or a coupon batch goes live, beyond its own check."""

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupon_codes import normal
from queqiao.decide.promotions.documents import CouponBatchDocument, PromotionDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.records import documents


def check_live_promotion(document: PromotionDocument, conn: Connection) -> None:
    """Raise InvalidInput when the coupon batch that the promotion names does not exist."""
    if document.code_batch is None:
        return
    try:
        documents.get(conn, COUPON_BATCH, document.code_batch)
    except NotFound as error:
        message = Message("没有这个券批次，请先创建", "no such coupon batch; create it first")
        raise InvalidInput(FieldError("code_batch", message)) from error


def check_live_coupon_batch(document: CouponBatchDocument, conn: Connection) -> None:
    """Raise InvalidInput when a listed code is one of another live batch of another name."""
    listed = {normal(code): place for place, code in enumerate(document.codes or ())}
    for stored in documents.live(conn, COUPON_BATCH) if listed else ():
        if stored.document.name == document.name:
            continue
        clashing = [code for code in stored.document.codes or () if normal(code) in listed]
        if clashing:
            path = f"codes[{listed[normal(clashing[0])]}]"
            message = Message("该券码已属于另一个生效批次", "a code of another live batch")
            raise InvalidInput(FieldError(path, message))
