"""The hot endpoints of promotions, on the ``decide`` role: the quote, and those of coupons."""

from collections.abc import Callable, Collection, Mapping
from random import SystemRandom

import msgspec

from queqiao.decide.promotions.cards.contracts import Cards
from queqiao.decide.promotions.coupons.claims import Claims
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.decide.promotions.coupons.hot_endpoints import CouponDesk, coupon_routes
from queqiao.decide.promotions.coupons.redemption import Asked, Coupons
from queqiao.decide.promotions.coupons.screening import screen
from queqiao.decide.promotions.coupons.wallet import Wallets
from queqiao.decide.promotions.engagements.engaging import Engagements
from queqiao.decide.promotions.engagements.hot_endpoints import engagement_routes
from queqiao.decide.promotions.exposures import Exposures
from queqiao.decide.promotions.flash_sales.deals import FlashPrices
from queqiao.decide.promotions.known_customer import BuyerOf, KnownCustomers, nobody_known
from queqiao.decide.promotions.loyalty.hot_endpoints import PointsDesk, points_routes
from queqiao.decide.promotions.loyalty.in_quotes import QUOTE_WAITS_S
from queqiao.decide.promotions.questions import inline_batches
from queqiao.decide.promotions.quote_types import Quote, QuoteRequest
from queqiao.decide.promotions.quoting import Counter, Shop
from queqiao.decide.promotions.redemptions.hot_endpoints import redemption_routes
from queqiao.decide.promotions.redemptions.in_quotes import Promises, written
from queqiao.decide.promotions.redemptions.leases import Leases
from queqiao.decide.promotions.redemptions.points import NO_POINTS
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
    of the shop's days; ``cards`` says what stored-value cards hold, ``flash_prices`` what the
    tokens of flash sales do, ``points`` keeps the accounts of the points programme.
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
    points: PointsDesk | None = None
    random_bits: Callable[[int], int] = SystemRandom().getrandbits
    flash_prices: FlashPrices | None = None


def routes(services: PromotionServices, desk: CouponDesk | None = None) -> list[Route]:
    """Return the routes of the ``decide`` role; ``desk``: of coupons, where there is one."""
    desk = desk or coupon_desk(services)
    customers = KnownCustomers(services.segments_of, services.buyer_of)

    async def known(question: QuoteRequest, now_us: int) -> QuoteRequest:
        return (await known_cards(question, now_us)).question

    async def known_cards(
        question: QuoteRequest, now_us: int, waits_s: float | None = None
    ) -> KnownCards:
        promotions = services.shop().promotions
        completed = await customers.complete(question, promotions, now_us)
        if services.points is not None:
            completed = await services.points.fill(completed, promotions, now_us, waits_s)
        return await with_balances(completed, services.cards, now_us)

    promises = Promises(services.ledger, services.zone)
    engagements = Engagements(
        services.shop,
        services.records,
        services.event_log,
        services.random_bits,
        services.buyer_of,
    )

    async def price(request: Request) -> Response:
        shop = services.shop()
        asked = request.decode(QuoteRequest, QUOTE_BYTES_MAX)
        question, reasons = await known_cards(asked, request.now_us, QUOTE_WAITS_S)
        question, own = await with_own(services, question, request.now_us)
        if question.codes:
            shop = await screened(shop, question, desk.coupons, services.ledger, request.now_us)
        if question.cart.engagements:
            named = await engagements.named(question.cart.engagements)
            shop = shop._replace(engagements=named)
        if services.flash_prices is not None:
            shop = shop._replace(deals=services.flash_prices.deals(question, request.now_us))
        counter = Counter(question, shop, request.now_us)
        kept = await promises.price(counter, question.cart.lines, request.now_us, own)
        await services.exposures.note(question, kept.counter, kept.answered, request.now_us)
        answer = written(question, kept)
        return json_response(with_reasons(answer, reasons) if reasons else answer)

    redemptions = Redemptions(
        services.shop,
        services.ledger,
        services.event_log,
        desk.coupons,
        engagements,
        zone=services.zone,
        known=known,
        flash_prices=services.flash_prices,
        points=NO_POINTS if services.points is None else services.points.of_orders,
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
        *([] if services.points is None else points_routes(services.points, services.signer)),
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


async def with_own(
    services: PromotionServices, question: QuoteRequest, now_us: int
) -> tuple[QuoteRequest, Mapping[str, int]]:
    """Return what the order of a question holds by counter, and the question with its points."""
    own = await Leases(services.ledger).of_quote(question, now_us)
    if own and services.points is not None:
        question = services.points.of_orders.with_own(question, own)
    return question, own


async def screened(
    shop: Shop, question: QuoteRequest, coupons: Coupons, ledger: Ledger, now_us: int
) -> Shop:
    """Return the shop as one sees it for whom some of the question's codes are wrong or used up.

    Codes of another customer are unknown to this one. What stands for a batch of a promotion that
    came with the question is no guess. Raises TooManyRequests when too many wrong codes were tried.
    """
    who = question.customer.id or "", question.order_id or ""
    batches = inline_batches(question.promotions or ())
    codes = tuple([code for code in question.codes if code not in batches])
    if not codes:
        return shop
    seen = await screen(coupons, ledger, codes, Asked("", *who, "", now_us))
    promotions = shop.promotions.without_codes(seen.wrong) if seen.wrong else shop.promotions
    return shop._replace(promotions=promotions, closed_codes=seen.closed, own_codes=seen.own)
