"""The hot endpoints of promotions, on the ``decide`` role: the quote, and those of coupons."""

from collections.abc import Callable, Collection
from random import SystemRandom

import msgspec

from queqiao.decide.promotions.cards.contracts import Cards
from queqiao.decide.promotions.coupons.claims import Claims
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.decide.promotions.coupons.hot_endpoints import CouponDesk, coupon_routes
from queqiao.decide.promotions.coupons.redemption import Coupons
from queqiao.decide.promotions.coupons.wallet import Wallets
from queqiao.decide.promotions.engagements.engaging import Engagements
from queqiao.decide.promotions.engagements.hot_endpoints import engagement_routes
from queqiao.decide.promotions.exposures import Exposures
from queqiao.decide.promotions.known_customer import BuyerOf, KnownCustomers, nobody_known
from queqiao.decide.promotions.questions import inline_batches
from queqiao.decide.promotions.quote_types import Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Counter, Shop, write
from queqiao.decide.promotions.redemptions.hot_endpoints import redemption_routes
from queqiao.decide.promotions.redemptions.redeeming import Redemptions
from queqiao.decide.promotions.refunds.hot_endpoints import refund_routes
from queqiao.decide.promotions.refunds.memo_book import MemoBook
from queqiao.decide.promotions.refunds.recorded import RecordedRefunds
from queqiao.decide.promotions.totals.card_balances import (
    KnownCards,
    with_balances,
    with_reasons,
)
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import Message
from queqiao.kernel.http import Request, Response, Route, json_response
from queqiao.kernel.tokens import Signer
from queqiao.ports.event_log.base import EventLog
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records.base import Records

QUOTE_BYTES_MAX = 4_000_000


class PromotionServices(msgspec.Struct, frozen=True):
    """What the routes need. ``shop`` gives the snapshot of this moment.

    ``coupon_secret`` makes and reads codes; ``signer`` signs the cursors of lists; ``segments_of``
    says in which segments a customer is, by id, ``buyer_of`` what one has bought; ``zone`` is that
    of the shop's days; ``cards`` says what stored-value cards hold.
    """

    shop: Callable[[], Shop]
    ledger: Ledger
    event_log: EventLog
    records: Records
    coupon_secret: bytes
    signer: Signer
    exposures: Exposures
    segments_of: Callable[[str], Collection[str]] = lambda _customer_id: ()
    buyer_of: BuyerOf = nobody_known
    zone: str = DEFAULT_ZONE
    cards: Cards | None = None
    random_bits: Callable[[int], int] = SystemRandom().getrandbits


def routes(services: PromotionServices, desk: CouponDesk | None = None) -> list[Route]:
    """Return the routes of the ``decide`` role; ``desk``: of coupons, where there is one."""
    desk = desk or coupon_desk(services)
    customers = KnownCustomers(services.segments_of, services.buyer_of)

    async def known(question: QuoteRequest, now_us: int) -> QuoteRequest:
        return (await known_cards(question, now_us)).question

    async def known_cards(question: QuoteRequest, now_us: int) -> KnownCards:
        completed = await customers.complete(question, services.shop().promotions, now_us)
        return await with_balances(completed, services.cards, now_us)

    engagements = Engagements(
        services.shop, services.records, services.event_log, services.random_bits
    )

    async def price(request: Request) -> Response:
        shop = services.shop()
        asked = request.decode(QuoteRequest, QUOTE_BYTES_MAX)
        question, reasons = await known_cards(asked, request.now_us)
        if question.codes:
            shop = await screened(shop, question, desk.coupons, request.now_us)
        if question.cart.engagements:
            named = await engagements.named(question.cart.engagements)
            shop = shop._replace(engagements=named)
        counter = Counter(question, shop, request.now_us)
        answered = counter.answer(question.cart.lines)
        await services.exposures.note(question, counter, answered, request.now_us)
        written = write(question, counter, answered)
        return json_response(with_reasons(written, reasons) if reasons else written)

    redemptions = Redemptions(
        services.shop,
        services.ledger,
        services.event_log,
        desk.coupons,
        engagements,
        zone=services.zone,
        known=known,
    )
    memos = MemoBook(services.event_log)
    recorded = RecordedRefunds(services.shop, memos, redemptions, services.records)
    return [
        Route(
            "POST",
            "/api/v1/promotions/quote",
            price,
            Message("为购物车报价：优惠、分摊与原因", "Price a cart: discounts, shares, reasons"),
            "decide",
            QuoteRequest,
            Quote,
            ("promotions",),
            QUOTE_BYTES_MAX,
        ),
        *refund_routes(recorded),
        *coupon_routes(desk),
        *redemption_routes(redemptions),
        *engagement_routes(engagements),
    ]


def coupon_desk(services: PromotionServices) -> CouponDesk:
    """Return what the routes of coupons work with."""
    shop, ledger, records = services.shop, services.ledger, services.records
    guesses = GuessBudget(ledger, services.coupon_secret)
    return CouponDesk(
        Coupons(shop, ledger, services.event_log, records, guesses),
        Claims(lambda: shop().promotions.code_book, records, services.event_log),
        Wallets(shop, ledger, records, services.coupon_secret),
        services.signer,
        services.segments_of,
    )


async def screened(shop: Shop, question: QuoteRequest, coupons: Coupons, now_us: int) -> Shop:
    """Return the shop as one sees it for whom some of the question's codes are wrong.

    Codes of another customer are unknown to this one. What stands for a batch of a promotion that
    came with the question is no guess. Raises TooManyRequests when too many wrong codes were tried.
    """
    customer_id = question.customer.id or ""
    batches = inline_batches(question.promotions or ())
    codes = tuple([code for code in question.codes if code not in batches])
    if not codes:
        return shop
    wrong = await coupons.unusable(codes, customer_id, "", now_us)
    return shop._replace(promotions=shop.promotions.without_codes(wrong))
