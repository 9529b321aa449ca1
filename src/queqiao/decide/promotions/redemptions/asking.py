"""From an order that is placed to what it would take: its price, and its claims."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from msgspec import structs

from queqiao.decide.promotions.coupons.codes import normal
from queqiao.decide.promotions.coupons.redemption import closed
from queqiao.decide.promotions.documents.profile import Profile
from queqiao.decide.promotions.flash_sales.deals import Deals
from queqiao.decide.promotions.offers import Offer
from queqiao.decide.promotions.profiles import find_profile, plain
from queqiao.decide.promotions.quote_types import FundingSplit, Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Shop, quote
from queqiao.decide.promotions.reasons import PriceReason
from queqiao.decide.promotions.redemptions.claims import (
    Buyer,
    Claim,
    code_claims,
    order_claim,
    promotion_claims,
)
from queqiao.decide.promotions.redemptions.gift_stock import gift_claims, gift_skus, gifts_of
from queqiao.decide.promotions.redemptions.points import NO_POINTS, OF_ORDER, Points
from queqiao.decide.promotions.redemptions.redemption_types import (
    Given,
    NewRedemption,
    Redeemed,
    SoldReservation,
)
from queqiao.decide.promotions.redemptions.reservations import claims_of
from queqiao.decide.promotions.restraints import Restraints
from queqiao.decide.promotions.sharing import spread
from queqiao.kernel.errors import FieldError, InvalidInput, Message, Refused

CARD_CODE_SHOWN = 4
"""How many characters of a card's code are kept: enough to know one's own card by."""

_ONE = Message("question 与 applied 须且只能填一个", "give either question or applied")
_INLINE = Message(
    "下单只能用已生效的促销，请删去", "an order uses live promotions only; remove this"
)
_NOT_NOW = Message("下单按现在的时间计价，请删去", "an order is priced as of now; remove this")
_UNKNOWN: PriceReason = "price_token_unknown"
NO_FLASH_PRICE = Message(
    "秒杀价不能用于这一单：凭证不符、已过期或已用；请重新预留，或按原价下单",
    "the flash price is not this order's: its token does not fit, has expired or was used; "
    "reserve anew, or order at the usual price",
)
_OTHER = Message("与 question.customer.id 不同", "differs from question.customer.id")


_CURRENCY = Message("该促销是另一币种", "the promotion is in another currency")
_NOT_RUNNING = Message("该促销现在不在有效期内", "the promotion does not run now")
_NO_GIFT = Message("不是该促销的赠品", "not gifts of the promotion")
_ENGAGED = Message(
    "该促销须先参与，请改用 question", "the promotion is for engagements; give the question"
)


class Priced(NamedTuple):
    """An order with its price. ``claims`` are what it takes; ``quote`` None where it was given.

    ``profile`` is the one by which it was priced; ``takes``: what the order itself takes, by
    counter.
    """

    promotions: list[Redeemed]
    claims: list[Claim]
    discount: int
    total: int | None
    quote: Quote | None
    profile: Profile | None = None
    takes: Mapping[str, int] = MappingProxyType({})


def check(asked: NewRedemption) -> None:
    """Raise InvalidInput with every field that cannot stand."""
    errors: list[FieldError] = []
    question = asked.question
    if (question is None) == (asked.applied is None):
        errors.append(FieldError("question", _ONE))
    if question is not None:
        if question.promotions is not None:
            errors.append(FieldError("question.promotions", _INLINE))
        if question.now is not None:
            errors.append(FieldError("question.now", _NOT_NOW))
        if asked.customer_id not in {None, question.customer.id}:
            errors.append(FieldError("customer_id", _OTHER))
    errors += _given_errors(asked.applied or ())
    if errors:
        raise InvalidInput(*errors)


def _given_errors(applied: Sequence[Given]) -> list[FieldError]:
    twice = Message("促销重复，请合并", "named twice; put them together")
    seen: set[str] = set()
    errors = []
    for index, given in enumerate(applied):
        if given.promotion_id in seen:
            errors.append(FieldError(f"applied[{index}].promotion_id", twice))
        seen.add(given.promotion_id)
    return errors


def check_deals(asked: NewRedemption, deals: Deals) -> None:
    """Raise Refused where a line does not have the flash price that it came for.

    An order that leaves out what is used up has the usual price there.
    """
    if asked.question is None or asked.when_used_up == "leave_out":
        return
    for index, line in enumerate(asked.question.cart.lines):
        deal = None if line.price_token is None else deals.get(line.price_token, _UNKNOWN)
        if isinstance(deal, str):
            error = Refused(NO_FLASH_PRICE, reason=deal)
            path = f"question.cart.lines[{index}].price_token"
            error.fields = (FieldError(path, NO_FLASH_PRICE),)
            raise error


def reservations_of(answer: Quote) -> list[SoldReservation]:
    """Return the flash sales' reservations whose prices an order's lines have."""
    return [
        SoldReservation(sale.reservation_id, line.id, sale.returns_stock)
        for line in answer.lines
        if (sale := line.flash_sale) is not None
    ]


def customer_of(asked: NewRedemption) -> str | None:
    """Return who orders."""
    return asked.customer_id or (asked.question.customer.id if asked.question else None) or None


def device_of(asked: NewRedemption) -> str | None:
    """Return on which device it is ordered."""
    in_question = None if asked.question is None else asked.question.customer.device_id
    return asked.device_id or in_question or None


def currency_of(asked: NewRedemption) -> str:
    """Return what the order is paid in."""
    return asked.currency if asked.question is None else asked.question.currency


def codes_of(asked: NewRedemption) -> Sequence[str]:
    """Return the codes that come with an order."""
    if asked.question is not None:
        return asked.question.codes
    return [given.code for given in asked.applied or () if given.code]


def without(shop: Shop, wrong: Collection[str]) -> Shop:
    """Return the shop as one sees it for whom some codes are wrong."""
    if not wrong:
        return shop
    codes = [normal(code) for code in wrong]
    return shop._replace(promotions=shop.promotions.without_codes(codes))


def redemption_id_of(order_id: str, request_id: str) -> str:
    """Return the id of the redemption of an order and a request."""
    name = f"{order_id}\x1f{request_id}".encode()
    return blake2b(name, digest_size=16, person=b"redemption").hexdigest()


def digest_of(asked: NewRedemption) -> str:
    """Return what tells another question under the same id, whether paid or not yet.

    It is kept in the log, so no card's code or PIN can be tried out on it.
    """
    question = None if asked.question is None else masked(asked.question)
    same = structs.replace(asked, question=question, commit=False, hold_minutes=1)
    return blake2b(msgspec.json.encode(same), digest_size=12).hexdigest()


def price(
    asked: NewRedemption,
    shop: Shop,
    restraints: Restraints,
    buyer: Buyer,
    points: Points = NO_POINTS,
) -> Priced:
    """Return the price of an order under restraints, and its claims. Raises InvalidInput."""
    if asked.question is None:
        return _given(asked, shop, buyer)
    answer = quote(asked.question, shop._replace(restraints=restraints), buyer.now_us)
    promotions = [
        Redeemed(item.promotion_id, item.name, item.amount + item.value, item.funding, item.code)
        for item in answer.applied
    ]
    profile = find_profile(asked.question.profile, shop.profiles)
    gifts = {item.promotion_id: gifts_of(answer, item.promotion_id) for item in promotions}
    own = points.claims(asked.question, answer)
    priced = _with_claims(promotions, gifts, shop, buyer, own)
    priced = priced._replace(total=answer.totals.total, quote=answer)
    return priced._replace(profile=plain(profile))


def _given(asked: NewRedemption, shop: Shop, buyer: Buyer) -> Priced:
    """Return what a shop that prices by itself has given. Raises InvalidInput."""
    promotions = []
    for index, given in enumerate(asked.applied or ()):
        offer = shop.promotions.find(given.promotion_id)
        if offer is None:
            message = Message("没有生效的这个促销", "no such live promotion")
            raise InvalidInput(FieldError(f"applied[{index}].promotion_id", message))
        fault = _not_given(offer, asked.currency, buyer.now_us)
        if fault is not None:
            raise InvalidInput(FieldError(f"applied[{index}].promotion_id", fault))
        if not given.gifts.keys() <= gift_skus(offer):
            raise InvalidInput(FieldError(f"applied[{index}].gifts", _NO_GIFT))
        split = FundingSplit(*spread(given.amount, offer.funding, "largest_fraction"))
        promotions.append(Redeemed(offer.id, offer.name, given.amount, split, given.code))
    gifts = {given.promotion_id: given.gifts for given in asked.applied or ()}
    return _with_claims(promotions, gifts, shop, buyer)


def _not_given(offer: Offer, currency: str, now_us: int) -> Message | None:
    """Return why a shop that prices by itself cannot have given a promotion; None if it can."""
    if offer.currency not in {None, currency}:
        return _CURRENCY
    if not offer.starts_us <= now_us < offer.ends_us:
        return _NOT_RUNNING
    return None if offer.mechanic is None else _ENGAGED


def _with_claims(
    promotions: list[Redeemed],
    gifts: Mapping[str, Mapping[str, int]],
    shop: Shop,
    buyer: Buyer,
    points: Mapping[str, list[Claim]] = MappingProxyType({}),
) -> Priced:
    of_order = points.get(OF_ORDER, ())
    claims = [order_claim(buyer.order_id), *claims_of(shop.deals), *of_order]
    taken: list[Redeemed] = []
    codes: set[str] = set()
    for item in promotions:
        mine = gifts.get(item.promotion_id, {})
        own = [*_claims_on_code(item, shop, buyer, codes), *_claims_of(item, shop, buyer, mine)]
        own += points.get(item.promotion_id, ())
        claims += own
        takes = {claim.take.counter: claim.take.amount for claim in own}
        taken.append(structs.replace(item, takes=takes))
    discount = sum(item.amount for item in taken)
    takes = {claim.take.counter: claim.take.amount for claim in of_order}
    return Priced(taken, claims, discount, None, None, takes=takes)


def _claims_of(item: Redeemed, shop: Shop, buyer: Buyer, gifts: Mapping[str, int]) -> list[Claim]:
    offer = shop.promotions.find(item.promotion_id)
    if offer is None:  # it was priced from this very snapshot
        raise Refused(reason="promotion_unknown")
    if offer.code_batch is not None and item.code is None:
        raise Refused(reason="code_missing")
    return [*promotion_claims(offer, item.amount, buyer), *gift_claims(offer, gifts)]


def _claims_on_code(item: Redeemed, shop: Shop, buyer: Buyer, seen: set[str]) -> Iterable[Claim]:
    """Return what a code takes, once however many promotions it unlocks."""
    code = normal(item.code or "")
    if not code or code in seen:
        return ()
    seen.add(code)
    use, offer = buyer.codes.get(code), shop.promotions.find(item.promotion_id)
    if use is None or offer is None or use.batch.id not in offer.batches:
        raise Refused(reason="code_unknown")
    reason = closed(use, buyer.now_us)
    if reason is not None:
        raise Refused(reason=reason)
    return code_claims(use, buyer, item.promotion_id)


def masked(question: QuoteRequest) -> QuoteRequest:
    """Return a question as it is kept: of its cards the end of the code, and no PIN."""
    cards = tuple(
        structs.replace(card, code=masked_code(card.code), pin="") for card in question.cart.cards
    )
    return structs.replace(question, cart=structs.replace(question.cart, cards=cards))


def masked_code(code: str) -> str:
    """Return a card's code as it is kept: whoever holds the whole of it can pay with it."""
    shown = min(CARD_CODE_SHOWN, len(code) // 2)
    return "****" + code[len(code) - shown :]


def recorded(answer: Quote | None) -> dict[str, Any] | None:
    """Return a quote as it is kept: equal neighbouring units of a line counted, not listed.

    Of the cards that pay it, it names the end of the code.
    """
    if answer is None:
        return None
    kept: dict[str, Any] = msgspec.to_builtins(answer)
    for payment in kept["payments"]:
        if payment["method"] == "card":
            payment["id"] = masked_code(payment["id"])
    for line in kept["lines"]:
        line["units"] = _runs(line["units"])
    return kept


def _runs(units: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    last: dict[str, Any] | None = None
    for unit in units:
        if unit == last:
            runs[-1]["count"] += 1
        else:
            runs.append({**unit, "count": 1})
        last = unit
    return runs
