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


def promotion_dangers(document: PromotionDocument) -> list[FieldError]:
    """Return what makes it dangerous to have a promotion live: then a second person allows it.

    Goods that are (nearly) given away to everybody, as often as anybody likes.
    """
    benefit, limits = document.benefit, document.limits
    if not isinstance(benefit, PercentBenefit) or benefit.percent < NEARLY_FREE_PERCENT:
        return []
    is_bounded = limits.total or limits.per_customer or limits.budget or benefit.cap
    if is_bounded or benefit.pick is not None or document.code_batch is not None:
        return []
    message = Message(
        f"不限次数、不限金额地优惠 {NEARLY_FREE_PERCENT}% 以上，请设上限或申请批准",
        f"{NEARLY_FREE_PERCENT} % off or more without any bound; set one, or have it approved",
    )
    return [FieldError("benefit.percent", message)]
