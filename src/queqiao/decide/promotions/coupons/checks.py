"""What the type of a coupon batch cannot say: each error names path and cure."""

from collections.abc import Iterator

from queqiao.decide.promotions.checks import period_errors
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.errors import FieldError, InvalidInput, Message

_CLAIM_PERIOD = ("personal.claim_starts_at", "personal.claim_ends_at")


def check_coupon_batch(document: CouponBatchDocument) -> None:
    """Raise InvalidInput with every field of a coupon batch that cannot stand."""
    errors = [
        *period_errors(document.starts_at, document.ends_at),
        *_code_errors(document),
        *_personal_errors(document),
    ]
    if errors:
        raise InvalidInput(*errors)


def _code_errors(document: CouponBatchDocument) -> Iterator[FieldError]:
    if (document.count is None) == (document.codes is None):
        message = Message("count 与 codes 须且只能填一个", "give either count or codes")
        yield FieldError("count", message)
    seen: set[str] = set()
    for index, code in enumerate(document.codes or ()):
        if code.upper() in seen:
            message = Message("券码重复（不分大小写）", "listed twice (case does not count)")
            yield FieldError(f"codes[{index}]", message)
        seen.add(code.upper())
    if document.codes == ():
        yield FieldError("codes", Message("至少一个券码", "at least one code"))


def _personal_errors(document: CouponBatchDocument) -> Iterator[FieldError]:
    personal = document.personal
    if personal is not None:
        yield from period_errors(personal.claim_starts_at, personal.claim_ends_at, _CLAIM_PERIOD)
        if document.uses_per_code > 1:
            message = Message("专属券每张只能用一次", "a personal coupon is used once: 1")
            yield FieldError("uses_per_code", message)
    if document.return_valid_days is not None and personal is None:
        message = Message(
            "只有专属券能延长有效期，请清空，或填写 personal",
            "only personal coupons can be good for longer; leave it empty, or fill in personal",
        )
        yield FieldError("return_valid_days", message)
