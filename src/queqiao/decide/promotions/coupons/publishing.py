"""What must hold before a coupon batch goes live, beyond its own check."""

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons.codes import normal, tag_of
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message
from queqiao.ports.records import documents


def check_live_coupon_batch(document: CouponBatchDocument, conn: Connection) -> None:
    """Raise InvalidInput when a listed code is one of another live batch of another name.

    Also when two live batches would make the same codes, which chance alone does not bring about.
    """
    _check_tags(conn)
    listed = {normal(code): place for place, code in enumerate(document.codes or ())}
    for stored in documents.live(conn, COUPON_BATCH) if listed else ():
        if stored.document.name == document.name:
            continue
        clashing = [code for code in stored.document.codes or () if normal(code) in listed]
        if clashing:
            path = f"codes[{listed[normal(clashing[0])]}]"
            message = Message("该券码已属于另一个生效批次", "a code of another live batch")
            raise InvalidInput(FieldError(path, message))


def _check_tags(conn: Connection) -> None:
    known: set[int] = set()
    for stored in documents.live(conn, COUPON_BATCH):
        tag = tag_of(stored.id)
        if tag in known:
            message = Message("请换一个编号", "take another id: another batch makes the same codes")
            raise InvalidInput(FieldError("id", message))
        known.add(tag)
