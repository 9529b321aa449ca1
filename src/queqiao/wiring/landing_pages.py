"""Landing pages put together: where they find goods, prices and sales; how they are measured."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from hmac import digest
from secrets import token_bytes

from sqlalchemy import Connection

from queqiao.catalog import shown
from queqiao.catalog.contracts import ShownGoods
from queqiao.decide.promotions.coupons.claims import Claim, Claims
from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE, FlashSaleDocument
from queqiao.decide.promotions.flash_sales.sessions import sessions_of
from queqiao.decide.promotions.flash_sales.snapshot import Sales
from queqiao.decide.promotions.flash_sales.state import Speeds, state_of
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.kernel.clock import Clock, format_rfc3339
from queqiao.kernel.http import Route
from queqiao.operate import keys
from queqiao.operate.credentials import new_secret
from queqiao.ports.ledger.base import Ledger
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records
from queqiao.reach.landing_pages import hot_endpoints, images, preview
from queqiao.reach.landing_pages.claims import PURPOSE as VISITOR_PURPOSE
from queqiao.reach.landing_pages.claims import Claimed, Visitors
from queqiao.reach.landing_pages.document import GoodsBlock, LandingPageDocument
from queqiao.reach.landing_pages.publishing import Examiner, check_live
from queqiao.reach.landing_pages.references import Stocked
from queqiao.reach.landing_pages.scene import Sale, SaleItem, Stock
from queqiao.reach.landing_pages.snapshot import CHANGES, PagesSnapshot, load
from queqiao.wiring import adapters, secret_keys
from queqiao.wiring.changes import Follower
from queqiao.wiring.hot_state import HotState
from queqiao.wiring.settings import Settings
from queqiao.wiring.shop_prices import PriceVersion, prices_by

SOURCE = "landing-pages"
"""The event source of pages."""
KEY_NAME = "活动落地页 Landing pages"
"""Name of the write key of pages; revoking it ends their measurement."""


def _listed(conn: Connection, block: GoodsBlock) -> list[ShownGoods]:
    if block.items:
        return shown.named(conn, [item.sku for item in block.items])
    is_whole_shop = block.category is None and block.tag is None
    order = "newest" if is_whole_shop and block.sort == "listed" else block.sort
    return shown.chosen(
        conn, category=block.category, tag=block.tag, order=order, limit=block.limit
    )


def _sales(conn: Connection, ids: Iterable[str]) -> dict[str, Sale]:
    wanted = set(ids)
    found = documents.live(conn, FLASH_SALE, wanted) if wanted else []
    return {stored.id: _sale(stored.document) for stored in found}


def _sale(document: FlashSaleDocument) -> Sale:
    items = tuple(
        SaleItem(item.sku, item.price_minor, document.currency, item.stock)
        for item in document.items
    )
    sessions = tuple((one.starts_us, one.ends_us) for one in sessions_of(document))
    return Sale(document.name, sessions, items)


def check_live_page(document: LandingPageDocument, conn: Connection) -> None:
    """Raise InvalidInput for what a page cannot be live with."""
    check_live(document, conn, STOCKED)


STOCKED = Stocked(listed=_listed, named=shown.named, sales=_sales)


def stock_by(sales: Callable[[], Sales], ledger: Ledger) -> Stock:
    """Return what tells the pieces left in the session of now."""
    speeds = Speeds()

    async def stock(ids: Sequence[str], now_us: int) -> Mapping[str, Mapping[str, int]]:
        known = [sales()[one] for one in ids if one in sales()]
        states = [await state_of(one, one.nearest(now_us), ledger, speeds, now_us) for one in known]
        return {state.id: {item.sku: item.left for item in state.items} for state in states}

    return stock


def claim_by(
    claims: Claims, segments_of: Callable[[str], Collection[str]]
) -> Callable[[str, str, str, int], Awaitable[Claimed]]:
    """Return what gives a customer a coupon of a batch."""

    async def claim(batch_id: str, customer_id: str, request_id: str, now_us: int) -> Claimed:
        segments = segments_of(customer_id)
        batch, held = await claims.claim(Claim(batch_id, customer_id, request_id, segments, now_us))
        is_bounded = held.expires_at_us < FOREVER_US
        expires_at = format_rfc3339(held.expires_at_us) if is_bounded else None
        return Claimed(batch.code(held.number), expires_at)

    return claim


def write_key(settings: Settings) -> str:
    """Return the write key with which pages tell what was seen: made of a secret of the home."""
    secret = secret_keys.key(settings.home, SOURCE)
    return new_secret("qq_intake_", lambda size: digest(secret, b"write key", sha256)[:size])


class LandingPages:
    """The live pages of this moment, and their public routes."""

    def __init__(self, settings: Settings, hot: HotState, clock: Clock) -> None:
        self._settings = settings
        self._hot = hot
        self._records = hot.records
        self._clock = clock
        self._is_known = False
        self._prices = prices_by(hot.shop)
        self.snapshot = PagesSnapshot()

    def follow(self, follower: Follower) -> None:
        """Ask to be told of what pages are made of."""
        for kind in CHANGES:
            follower.on(f"{kind}/", self.load)

    async def load(self) -> None:
        """Read the live pages anew; with the first one, the intake learns of the key of pages."""
        before = self.snapshot
        self.snapshot = await self._records.read(lambda conn: load(conn, STOCKED, before))
        if self.snapshot.pages and not self._is_known:
            await self._records.write(self._keep_key)
            self._is_known = True

    def _keep_key(self, conn: Connection) -> None:
        wanted = keys.Wanted(KEY_NAME, "intake", SOURCE)
        now_us = self._clock.now_us()
        keys.keep(conn, wanted, write_key(self._settings), now_us, token_bytes)

    def _claims(self) -> Claims:
        hot, log = self._hot, adapters.event_log(self._settings)
        return Claims(lambda: hot.promotions.code_book, self._records, log)

    def routes(self) -> list[Route]:
        """Return the routes of the ``decide`` role."""
        settings = self._settings
        previews = preview.Previews(
            self._records,
            STOCKED,
            self._prices,
            secret_keys.signer(settings.home, preview.PURPOSE),
            zone=settings.shop.timezone,
            security=hot_endpoints.SECURITY,
        )
        services = hot_endpoints.PageServices(
            snapshot=lambda: self.snapshot,
            prices=self._prices,
            version=PriceVersion(self._hot.shop),
            records=self._records,
            previews=previews,
            visitors=Visitors(secret_keys.signer(settings.home, VISITOR_PURPOSE)),
            claim=claim_by(self._claims(), self._hot.segments_of),
            stock=stock_by(lambda: self._hot.flash_sales, adapters.ledger(settings)),
            zone=settings.shop.timezone,
            public_url=settings.server.public_url,
            write_key=write_key(settings),
        )
        return [
            *hot_endpoints.routes(services),
            Examiner(self._records, STOCKED, self._prices).route(),
        ]


def console_routes(settings: Settings, records: Records) -> list[Route]:
    """Return the routes of the console role."""
    signer = secret_keys.signer(settings.home, preview.PURPOSE)
    return [*images.routes(records), preview.link_route(records, signer)]
