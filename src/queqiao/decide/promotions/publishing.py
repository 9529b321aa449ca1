"""What must hold before a promotion goes live, beyond its own check."""

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.documents.promotion import PromotionDocument
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
