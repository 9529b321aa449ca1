"""What the event log is told of coupons. A retry tells the same event, which the log keeps once."""

from hashlib import blake2b
from typing import Literal

from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.coupons.uses import Use
from queqiao.kernel.vocabulary import Coupon
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.own import own_event

UseEvent = Literal["Coupon Applied", "Coupon Returned"]
_PREFIXES = {
    "Coupon Issued": "coupon-issued",
    "Coupon Applied": "coupon-redeemed",
    "Coupon Returned": "coupon-returned",
}


def of_use(name: UseEvent, use: Use, lock_end_s: int, now_us: int) -> NewEvent:
    """Return the event of a redemption or a return; ``lock_end_s`` tells uses of an order apart."""
    told = Coupon(
        order_id=use.order_id,
        coupon=use.code,
        coupon_id=use.batch.id,
        coupon_name=use.batch.name,
        promotion_id=use.offers[0].id if use.offers else None,
    )
    what = f"{use.code}\x1f{use.order_id}\x1f{lock_end_s}"
    return _event(name, what, use.customer_id, told, now_us)


def of_issue(held: Holding, code: str, batch_name: str) -> NewEvent:
    """Return the event of a coupon that a customer has come to hold."""
    told = Coupon(coupon=code, coupon_id=held.batch_id, coupon_name=batch_name, reason=held.origin)
    what = f"{held.batch_id}\x1f{held.number}"
    return _event("Coupon Issued", what, held.customer_id, told, held.issued_at_us)


def _event(name: str, what: str, customer_id: str, told: Coupon, now_us: int) -> NewEvent:
    digest = blake2b(what.encode(), digest_size=16).hexdigest()
    said = bytes.fromhex(digest) + customer_id.encode()
    message_id = f"{_PREFIXES[name]}-{digest}"
    return own_event(message_id, name, told, now_us, user_id=customer_id, said=said)
