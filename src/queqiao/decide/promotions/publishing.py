"""What must hold before a promotion goes live, beyond its own check."""

from sqlalchemy import Connection

from queqiao.decide.promotions.check_condition import named_batches
from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.promotion import PromotionDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.records import documents

NEARLY_FREE_PERCENT = 90
"""A discount from here on gives goods away."""


def check_live_promotion(document: PromotionDocument, conn: Connection) -> None:
    """Raise InvalidInput for the coupon batches that the promotion names and that do not exist."""
    own = () if document.code_batch is None else (("code_batch", document.code_batch),)
    named = (*own, *named_batches(document.condition))
    message = Message("没有这个券批次，请先创建", "no such coupon batch; create it first")
    missing = [FieldError(path, message) for path, name in named if not _exists(conn, name)]
    if missing:
        raise InvalidInput(*missing)


def _exists(conn: Connection, batch_id: str) -> bool:
    try:
        documents.get(conn, COUPON_BATCH, batch_id)
    except NotFound:
        return False
    return True


def gives_away(document: PromotionDocument) -> bool:
    """Say whether the document alone says that goods are (nearly) given away.

    What it comes to on the catalogue's goods, ``rehearsal/giveaway.py`` tries.
    """
    benefit = document.benefit
    if not isinstance(benefit, PercentBenefit) or benefit.pick is not None:
        return False
    return benefit.cap is None and benefit.percent >= NEARLY_FREE_PERCENT
