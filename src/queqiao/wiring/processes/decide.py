"""The decide role: ads, quotes, coupons and recommendations from snapshots in memory."""

import asyncio
from decimal import Decimal

import structlog

from queqiao.decide.ads.caps.frequency import Frequency
from queqiao.decide.ads.delivery.conversion_endpoints import conversion_routes
from queqiao.decide.ads.delivery.hot_endpoints import delivery_routes
from queqiao.decide.ads.hot_endpoints import AdsServices, decider_of
from queqiao.decide.ads.hot_endpoints import routes as ads_routes
from queqiao.decide.ads.openrtb.exchange.held import HeldAuctions
from queqiao.decide.ads.openrtb.exchange.hot_endpoints import exchange_routes
from queqiao.decide.ads.openrtb.hot_endpoints import BidServices, bid_routes
from queqiao.decide.ads.openrtb.rates import Rates
from queqiao.decide.ads.openrtb.shelf import Money
from queqiao.decide.ads.targeting.hot_endpoints import routes as targeting_routes
from queqiao.decide.ads.then import as_kept
from queqiao.decide.ads.traffic.hot_endpoints import routes as traffic_routes
from queqiao.decide.promotions.cards.card_reader import CardReader
from queqiao.decide.promotions.cards.cards import Cards
from queqiao.decide.promotions.cards.hot_endpoints import card_routes
from queqiao.decide.promotions.cards.payments import Payments
from queqiao.decide.promotions.coupons.guesses import GuessBudget
from queqiao.decide.promotions.exposures import FLUSH_EVERY_S, Exposures
from queqiao.decide.promotions.flash_sales.contracts import HeldPrices
from queqiao.decide.promotions.flash_sales.deals import FlashPrices
from queqiao.decide.promotions.flash_sales.hot_endpoints import FlashServices
from queqiao.decide.promotions.flash_sales.hot_endpoints import routes as flash_routes
from queqiao.decide.promotions.flash_sales.tally import Tally
from queqiao.decide.promotions.holdback import Draws, draws
from queqiao.decide.promotions.hot_endpoints import PromotionServices
from queqiao.decide.promotions.hot_endpoints import routes as promotion_routes
from queqiao.decide.promotions.loyalty.hot_endpoints import points_desk
from queqiao.decide.promotions.loyalty.keeper import Keeper
from queqiao.decide.promotions.profiles import Profiles
from queqiao.decide.promotions.redemptions.used_up import REFRESH_EVERY_S, read_used_up
from queqiao.decide.promotions.restraints import Restraints
from queqiao.decide.recommend.hot_endpoints import RecommendServices
from queqiao.decide.recommend.hot_endpoints import routes as recommend_routes
from queqiao.kernel.clock import Clock
from queqiao.kernel.errors import Unavailable
from queqiao.kernel.http import Route
from queqiao.operate.authentication import Authenticator
from queqiao.ports.records.base import Records
from queqiao.profile.contracts import LiveReader
from queqiao.wiring import (
    ad_promises,
    ad_worker,
    adapters,
    chance,
    changes,
    delivery,
    exchange,
    flash_tally,
    frequency_caps,
    referrals,
    secret_keys,
    traffic,
)
from queqiao.wiring.ad_worker import AdWorker
from queqiao.wiring.asgi import HotApplication
from queqiao.wiring.changes import Follower
from queqiao.wiring.hot_state import HotState
from queqiao.wiring.http_server import serve as serve_http
from queqiao.wiring.http_server import unix_socket
from queqiao.wiring.landing_pages import LandingPages
from queqiao.wiring.live import CachedReader
from queqiao.wiring.role import every
from queqiao.wiring.settings import Settings

log = structlog.get_logger()


async def serve(settings: Settings, stop: asyncio.Event, name: str) -> None:
    """Answer decisions on the socket of that name until ``stop`` is set."""
    clock = adapters.clock(settings)
    records = adapters.records(settings)
    follower = Follower(records)
    authenticator = Authenticator(records, clock)
    exposures = Exposures(adapters.event_log(settings), at_once=settings.clock.accept_header)
    tally = Tally()
    auctions = HeldAuctions(adapters.event_log(settings))
    hot = hot_state(settings, records)
    follower.on("credential/", authenticator.follow)
    pages = LandingPages(settings, hot, clock)
    hot.follow(follower)
    pages.follow(follower)
    await follower.build_all()
    live = CachedReader(settings, clock)
    frequency = await asyncio.to_thread(frequency_caps.opened, settings)
    judges = traffic.callers(settings)
    worker = ad_worker.opened(settings)
    application = HotApplication(
        [
            *answered(
                settings,
                hot,
                live.reader,
                exposures,
                tally,
                frequency=frequency,
                public=delivery.Public(authenticator.source_of, judges),
                auctions=auctions,
                worker=worker,
            ),
            *traffic_routes(traffic.services(settings, judges)),
            *pages.routes(),
        ],
        clock,
        authenticator,
        accept_clock_header=settings.clock.accept_header,
        behind_forwarder=True,
    )
    server = changes.server(follower, live.methods())
    await server.serve(settings.socket(f"{name}.rpc"))
    following = asyncio.create_task(follower.run(stop))
    watching = asyncio.gather(
        watch_limits(settings, hot, clock, stop),
        ad_promises.watch(hot, adapters.ledger(settings), settings.shop.timezone, clock, stop),
        tell_exposures(exposures, stop),
        exchange.tell(auctions, stop),
        flash_tally.tell(settings, tally, name, clock, stop),
        traffic.keep(judges, stop),
        worker.keep(clock, stop),
    )
    await serve_http(application, unix_socket(settings.socket(name)), stop)
    await following
    await watching
    await worker.close(clock)
    await server.close()
    await live.close()
    records.close()


def hot_state(settings: Settings, records: Records) -> HotState:
    """Return the snapshots, empty so far, with what the settings say of them."""
    shop = settings.shop
    secret = secret_keys.key(settings.home, "coupons")
    hot = HotState(records, secret, shop.timezone, shop.currency)
    hot.restraints = Restraints(draws=holdback_draws(settings))
    hot.money = Money(Rates(settings.openrtb.bidder().rates), shop.currency)
    hot.open_secret = exchange.opener(settings)
    hot.profiles = Profiles(default=settings.promotions.profile)
    return hot


def holdback_draws(settings: Settings) -> Draws:
    """Return who is held back in this home; a home of repeatable histories has repeatable draws."""
    key = b"repeatable"
    if not settings.clock.accept_header:
        key = secret_keys.key(settings.home, "holdback")
    return draws(key, Decimal(settings.promotions.holdout_percent))


async def watch_limits(
    settings: Settings, hot: HotState, clock: Clock, stop: asyncio.Event
) -> None:
    """Learn again and again what is used up; while the ledger is away, the last known serves."""
    ledger, zone = adapters.ledger(settings), settings.shop.timezone

    async def once() -> None:
        try:
            offers = [offer for offer in hot.promotions.by_place if offer is not None]
            found = await read_used_up(ledger, offers, clock.now_us(), zone)
            hot.restraints = hot.restraints._replace(refused=found.refused, rests=found.rests)
        except Unavailable:
            log.debug("what is used up is learnt later")

    await every(REFRESH_EVERY_S, stop, once)


async def tell_exposures(exposures: Exposures, stop: asyncio.Event) -> None:
    """Write again and again who came under which promotion; while the log is away, it waits."""

    async def once() -> None:
        try:
            await exposures.flush()
        except Unavailable:
            log.debug("exposures are told later")

    await every(FLUSH_EVERY_S, stop, once)
    await once()


def answered(
    settings: Settings,
    hot: HotState,
    live: LiveReader,
    exposures: Exposures,
    tally: Tally,
    *,
    frequency: Frequency,
    auctions: HeldAuctions,
    public: delivery.Public,
    worker: AdWorker,
) -> list[Route]:
    """Return the routes as this home answers them: a demo's history has repeatable luck."""
    known = routes(
        settings,
        hot,
        live,
        exposures,
        tally,
        frequency=frequency,
        auctions=auctions,
        public=public,
        worker=worker,
    )
    return [chance.repeatable(route) for route in known] if settings.clock.accept_header else known


def routes(
    settings: Settings,
    hot: HotState,
    live: LiveReader,
    exposures: Exposures,
    tally: Tally,
    *,
    frequency: Frequency | None = None,
    auctions: HeldAuctions | None = None,
    public: delivery.Public | None = None,
    worker: AdWorker | None = None,
) -> list[Route]:
    """Return everything that the role answers. Without ``public`` nobody asks without a secret."""
    ledger, event_log = adapters.ledger(settings), adapters.event_log(settings)
    worker = worker or ad_worker.opened(settings)
    ads = AdsServices(
        hot=lambda: hot.ads,
        budgets=worker.budgets,
        outbox=worker.outbox,
        event_log=event_log,
        signer=secret_keys.signer(settings.home, "notices"),
        segments_of=hot.ad_segments_of,
        random_bits=chance.random_bits,
        zone=settings.shop.timezone,
        frequency=frequency,
        then=as_kept(hot.records, lambda: hot.counts, settings.shop.timezone),
    )
    decider = decider_of(ads)
    public = public or delivery.Public(lambda _: None, traffic.callers(settings))
    places = delivery.delivery_services(settings, ads.hot, decider, public)
    bidding = BidServices(
        shelves=lambda: hot.shelves,
        ledger=ledger,
        event_log=event_log,
        signer=ads.signer,
        segments_of=hot.ad_segments_of,
        random_bits=chance.random_bits,
        settings=settings.openrtb.bidder(),
        zone=settings.shop.timezone,
        public_url=settings.server.public_url,
        shades=lambda: hot.shades,
    )
    coupon_secret = secret_keys.key(settings.home, "coupons")
    guesses = GuessBudget(ledger, coupon_secret)
    reader = CardReader(lambda: hot.cards, hot.records, guesses)
    cards = Cards(reader, ledger, hot.records)
    flash_signer = secret_keys.signer(settings.home, "flash_sales")
    keeper = Keeper(ledger, hot.records, event_log, settings.shop.timezone)
    points_secret = secret_keys.key(settings.home, "points")
    points = points_desk(
        keeper,
        points_secret,
        lambda: hot.programme,
        lambda: hot.credit_programme,
        referrals.of_orders(settings, keeper),
    )
    promotions = PromotionServices(
        shop=hot.shop,
        ledger=ledger,
        event_log=event_log,
        records=hot.records,
        coupon_secret=coupon_secret,
        signer=secret_keys.signer(settings.home, "cursors"),
        exposures=exposures,
        random_bits=chance.random_bits,
        segments_of=hot.segments_of,
        buyer_of=live.buyer,
        zone=settings.shop.timezone,
        cards=cards,
        flash_prices=FlashPrices(HeldPrices(flash_signer), lambda: hot.flash_sales),
        points=points,
    )
    flash = FlashServices(
        sales=lambda: hot.flash_sales,
        ledger=ledger,
        event_log=event_log,
        signer=flash_signer,
        random_bits=chance.random_bits,
        tally=tally,
    )
    recommend = RecommendServices(
        model=lambda: hot.model,
        newest_skus=lambda: hot.newest_skus,
        told=live.told,
        log=event_log,
        random_bits=chance.random_bits,
    )
    return [
        *ads_routes(ads, decider),
        *delivery_routes(places),
        *conversion_routes(delivery.conversion_services(settings)),
        *targeting_routes(settings.shop.timezone),
        *bid_routes(bidding),
        *exchange_routes(exchange.services(hot, bidding, auctions or HeldAuctions(event_log))),
        *promotion_routes(promotions),
        *card_routes(cards, Payments(reader, ledger, hot.records)),
        *referrals.routes(settings, keeper, hot, live),
        *flash_routes(flash),
        *recommend_routes(recommend),
    ]
