"""What the rehearsal of promotions reads: rules and prices from the records, orders of the past."""

from collections.abc import Callable, Sequence

from msgspec.structs import asdict
from sqlalchemy import Connection

from queqiao.catalog.products import costs, price_book
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.decide.promotions.hot_state import load
from queqiao.decide.promotions.loyalty.hot_state import load as load_programme
from queqiao.decide.promotions.publishing import NEARLY_FREE_PERCENT
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.rehearsal.endpoints import AHEAD_US, RehearsalServices, handlers
from queqiao.decide.promotions.rehearsal.floor import floor_dangers
from queqiao.decide.promotions.rehearsal.giveaway import Generous, Rule, giveaway_dangers
from queqiao.decide.promotions.rehearsal.lowest_price import Terms
from queqiao.decide.promotions.rehearsal.replays import Replays, SegmentsOf
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook, rulebook
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel.errors import FieldError, NotFound
from queqiao.kernel.http import Route
from queqiao.kernel.ids import IdSource
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.profile.contracts import load_members
from queqiao.wiring import members, secret_keys
from queqiao.wiring.settings import Settings
from queqiao.wiring.settings import Shop as ShopSettings

_STATES = ("draft", "live", "paused")


def routes(
    settings: Settings, records: Records, warehouse: Warehouse, ids: IdSource
) -> list[Route]:
    """Return the rehearsal's routes for the console role."""
    secret = secret_keys.key(settings.home, "coupons")

    async def rules(drafts: Sequence[InlinePromotion]) -> Rulebook:
        return await records.read(lambda conn: _rulebook(conn, drafts, secret, settings.shop))

    async def stored() -> list[tuple[str, PromotionDocument, str]]:
        return await records.read(_stored)

    async def segments() -> SegmentsOf:
        bodies = await records.read(members.read_bodies)
        return load_members(bodies).personal.segments_of

    replays = Replays(settings.home / "replays", warehouse)
    shop = settings.shop
    return handlers(
        RehearsalServices(rules, stored, segments, replays, ids, shop.currency, shop.timezone)
    )


def dangers(settings: Settings) -> Callable[[Stored, Connection], list[FieldError]]:
    """Return what looks at a promotion before it is live.

    Whether it nearly gives goods away, more than its bounds stop, and whether it goes below the
    floor.
    """
    secret = secret_keys.key(settings.home, "coupons")
    percent, shop = settings.promotions.floor_percent_of_cost, settings.shop

    def found(stored: Stored, conn: Connection) -> list[FieldError]:
        document = stored.document
        rule = Rule(stored.id, document, _batch(conn, document.code_batch))
        terms = _terms(stored.updated_at_us, shop)
        dangers = _giveaway(rule, terms, conn, secret, settings)
        if not percent:
            return dangers
        draft = InlinePromotion(**asdict(document) | {"id": stored.id})
        rules = _rulebook(conn, (draft,), secret, shop)
        return [*dangers, *floor_dangers(rules, terms, percent)]

    return found


def batch_dangers(settings: Settings) -> Callable[[Stored, Connection], list[FieldError]]:
    """Return what looks at a batch of codes before it is live: more codes are more uses.

    Its live promotions are looked at anew; what it makes dangerous is named at ``count``.
    """
    secret = secret_keys.key(settings.home, "coupons")

    def found(stored: Stored, conn: Connection) -> list[FieldError]:
        terms = _terms(stored.updated_at_us, settings.shop)
        users = [
            one for one in documents.live(conn, PROMOTION) if one.document.code_batch == stored.id
        ]
        rules = [Rule(one.id, one.document, stored.document) for one in users]
        return [
            FieldError("count", error.message)
            for rule in rules
            for error in _giveaway(rule, terms, conn, secret, settings)
        ]

    return found


def _giveaway(
    rule: Rule, terms: Terms, conn: Connection, secret: bytes, settings: Settings
) -> list[FieldError]:
    goods = Shop(compile_snapshot((), (), secret), price_book(conn))
    most = settings.promotions.exposure_max_minor
    generous = Generous(NEARLY_FREE_PERCENT, load_programme(conn), most)
    return giveaway_dangers(rule, goods, terms, generous)


def _terms(now_us: int, shop: ShopSettings) -> Terms:
    return Terms(now_us, now_us + AHEAD_US, shop.currency, zone=shop.timezone)


def _batch(conn: Connection, batch_id: str | None) -> CouponBatchDocument | None:
    """Return a promotion's batch as it is, live or not; its own check says where there is none."""
    try:
        stored = None if batch_id is None else documents.get(conn, COUPON_BATCH, batch_id)
    except NotFound:
        return None
    return None if stored is None else stored.document


def _rulebook(
    conn: Connection, drafts: Sequence[InlinePromotion], secret: bytes, shop: ShopSettings
) -> Rulebook:
    live = {stored.id: stored.document for stored in documents.live(conn, PROMOTION)}
    promotions = load(conn, secret, shop.timezone, shop.currency)
    return rulebook(live, drafts, Shop(promotions, price_book(conn)), costs(conn))


def _stored(conn: Connection) -> list[tuple[str, PromotionDocument, str]]:
    return [
        (stored.id, stored.document, stored.state)
        for state in _STATES
        for stored in documents.in_state(conn, PROMOTION, state)
    ]
