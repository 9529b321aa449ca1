"""What the rehearsal of promotions reads: rules and prices from the records, orders of the past."""

from collections.abc import Callable, Sequence

from msgspec.structs import asdict
from sqlalchemy import Connection

from queqiao.catalog.products import costs, price_book
from queqiao.decide.promotions.contracts import PROMOTION
from queqiao.decide.promotions.documents.promotion import InlinePromotion, PromotionDocument
from queqiao.decide.promotions.hot_state import load
from queqiao.decide.promotions.publishing import promotion_dangers
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.rehearsal.endpoints import AHEAD_US, RehearsalServices, handlers
from queqiao.decide.promotions.rehearsal.floor import floor_dangers
from queqiao.decide.promotions.rehearsal.lowest_price import Terms
from queqiao.decide.promotions.rehearsal.replays import Replays, SegmentsOf
from queqiao.decide.promotions.rehearsal.rulebook import Rulebook, rulebook
from queqiao.kernel.errors import FieldError
from queqiao.kernel.http import Route
from queqiao.kernel.ids import IdSource
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Stored
from queqiao.ports.warehouse.base import Warehouse
from queqiao.profile.contracts import load_members
from queqiao.wiring import members, secret_keys
from queqiao.wiring.settings import Settings

_STATES = ("draft", "live", "paused")


def routes(
    settings: Settings, records: Records, warehouse: Warehouse, ids: IdSource
) -> list[Route]:
    """Return the rehearsal's routes for the console role."""
    secret = secret_keys.key(settings.home, "coupons")

    async def rules(drafts: Sequence[InlinePromotion]) -> Rulebook:
        return await records.read(lambda conn: _rulebook(conn, drafts, secret))

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
    """Return what looks at a promotion before it is live: whether it goes below the floor."""
    secret = secret_keys.key(settings.home, "coupons")
    percent, shop = settings.promotions.floor_percent_of_cost, settings.shop

    def found(stored: Stored, conn: Connection) -> list[FieldError]:
        nearly_free = promotion_dangers(stored.document)
        if not percent:
            return nearly_free
        draft = InlinePromotion(**asdict(stored.document) | {"id": stored.id})
        now_us = stored.updated_at_us
        terms = Terms(now_us, now_us + AHEAD_US, shop.currency, zone=shop.timezone)
        rules = _rulebook(conn, (draft,), secret)
        return [*nearly_free, *floor_dangers(rules, terms, percent)]

    return found


def _rulebook(conn: Connection, drafts: Sequence[InlinePromotion], secret: bytes) -> Rulebook:
    live = {stored.id: stored.document for stored in documents.live(conn, PROMOTION)}
    return rulebook(live, drafts, Shop(load(conn, secret), price_book(conn)), costs(conn))


def _stored(conn: Connection) -> list[tuple[str, PromotionDocument, str]]:
    return [
        (stored.id, stored.document, stored.state)
        for state in _STATES
        for stored in documents.in_state(conn, PROMOTION, state)
    ]
