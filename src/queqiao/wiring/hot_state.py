"""What the decide role knows by heart: immutable snapshots, each swapped whole when told to."""

import asyncio
from collections.abc import Collection, Mapping

from msgspec.structs import replace
from sqlalchemy import Connection

from queqiao.catalog.contracts import PriceBook
from queqiao.catalog.products import newest_skus, price_book
from queqiao.decide.ads import counts
from queqiao.decide.ads.click_rate import Count
from queqiao.decide.ads.contracts import CAMPAIGN, PLACEMENT
from queqiao.decide.ads.groups.document import AD_GROUP, CREATIVE
from queqiao.decide.ads.groups.joining import joined
from queqiao.decide.ads.hot_state import EMPTY, AdsSnapshot, booking, keeping
from queqiao.decide.ads.hot_state import snapshot as ads_snapshot
from queqiao.decide.ads.inventory import reserve_log
from queqiao.decide.ads.inventory.booked import Bookings
from queqiao.decide.ads.inventory.deal import DEAL
from queqiao.decide.ads.inventory.plan import ARTIFACT as DEALS_ARTIFACT
from queqiao.decide.ads.inventory.private_deals import PrivateDeals, private_deals
from queqiao.decide.ads.inventory.upkeep import bookings_at
from queqiao.decide.ads.openrtb import shades, shelf
from queqiao.decide.ads.openrtb.exchange import hot_state as exchange_state
from queqiao.decide.ads.openrtb.exchange.floors import Floor
from queqiao.decide.ads.openrtb.rates import DEFAULT_RATES, Rates
from queqiao.decide.ads.pacing import control
from queqiao.decide.ads.promises.margin import following
from queqiao.decide.ads.promises.standing import Standing
from queqiao.decide.ads.wallets import hot_state as wallets_state
from queqiao.decide.ads.wallets.contracts import ADVERTISER
from queqiao.decide.promotions import hot_state as promotions_state
from queqiao.decide.promotions.cards import hot_state as cards_state
from queqiao.decide.promotions.cards.card_book import CardBook
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROFILE, PROMOTION
from queqiao.decide.promotions.flash_sales import hot_state as flash_state
from queqiao.decide.promotions.flash_sales.snapshot import NONE, Sales
from queqiao.decide.promotions.loyalty import hot_state as loyalty_state
from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.decide.promotions.profiles import PRESETS_ONLY
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.referrals import hot_state as referral_state
from queqiao.decide.promotions.referrals.programme import ReferralProgramme
from queqiao.decide.promotions.restraints import FREE
from queqiao.decide.promotions.snapshot import PromotionsSnapshot, compile_snapshot
from queqiao.decide.recommend.contracts import ARTIFACT as ITEMS_ARTIFACT
from queqiao.decide.recommend.model import ItemModel, load_model
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.money import DEFAULT_CURRENCY
from queqiao.ports.records import artifacts
from queqiao.ports.records.base import Records
from queqiao.ports.records.documents import Documents
from queqiao.profile.contracts import ARTIFACT_PREFIX, load_members
from queqiao.wiring import members
from queqiao.wiring.changes import Follower

NEWEST_MAX = 500


class HotState:
    """The snapshots of this moment. Readers take one and keep it for the length of a call."""

    def __init__(
        self,
        records: Records,
        coupon_secret: bytes,
        zone: str = DEFAULT_ZONE,
        currency: str = DEFAULT_CURRENCY,
    ) -> None:
        self.records = records
        self._documents = Documents(records)
        self._coupon_secret = coupon_secret
        self._zone = zone
        self._currency = currency
        self.ads: AdsSnapshot = EMPTY
        self.money = shelf.Money(Rates(DEFAULT_RATES), currency)
        self.shelves = shelf.EMPTY
        self.shades = shades.UNSHADED
        self.market = exchange_state.EMPTY
        self.placement_floors: Mapping[str, Floor] = {}
        self.open_secret: exchange_state.Open = lambda sealed, _: sealed
        self.promotions: PromotionsSnapshot = compile_snapshot(
            [], [], coupon_secret, zone=zone, currency=currency
        )
        self.cards = CardBook([], coupon_secret)
        self.programme: Programme | None = None
        self.credit_programme: Programme | None = None
        self.referral_programme: ReferralProgramme | None = None
        self.flash_sales: Sales = NONE
        self.restraints = FREE
        self.profiles = PRESETS_ONLY
        self.price_book = PriceBook()
        self.newest_skus: tuple[str, ...] = ()
        self.members = load_members([])
        self.model: ItemModel | None = None
        self.counts: list[Count] = []
        self._bookings: Bookings = {}
        self._deals: PrivateDeals = {}
        self._floors = reserve_log.NOTHING_LEARNED
        self._controls = control.NO_CONTROLS

    def follow(self, follower: Follower) -> None:
        """Ask to be told of what the snapshots are made of."""
        follower.on("catalog/", self.load_catalog)
        follower.on(f"{PROMOTION.name}/", self.load_promotions, self.take_in_promotions)
        follower.on(f"{COUPON_BATCH.name}/", self.load_codes)
        follower.on(f"{PROFILE.name}/", self.load_profiles)
        for kind_name in cards_state.CHANGES:
            follower.on(f"{kind_name}/", self.load_cards)
        for kind_name in loyalty_state.CHANGES:
            follower.on(f"{kind_name}/", self.load_programme)
        for kind_name in referral_state.CHANGES:
            follower.on(f"{kind_name}/", self.load_referrals)
        for kind_name in flash_state.CHANGES:
            follower.on(f"{kind_name}/", self.load_flash_sales)
        for kind in (PLACEMENT, CAMPAIGN, AD_GROUP, CREATIVE, ADVERTISER):
            follower.on(f"{kind.name}/", self.load_ads)
        for kind_name in exchange_state.CHANGES:
            follower.on(f"{kind_name}/", self.load_market)
        follower.on(f"{artifacts.KIND}/{reserve_log.ARTIFACT}", self.load_floors)
        follower.on(f"{DEAL.name}/", self.load_bookings)
        follower.on(f"{artifacts.KIND}/{DEALS_ARTIFACT}", self.load_bookings)
        follower.on(f"{artifacts.KIND}/{counts.ARTIFACT}", self.load_counts)
        follower.on(f"{artifacts.KIND}/{control.ARTIFACT}", self.load_controls)
        follower.on(f"{artifacts.KIND}/{shades.ARTIFACT}", self.load_shades)
        follower.on(f"{artifacts.KIND}/{ARTIFACT_PREFIX}", self.load_members)
        follower.on(f"{artifacts.KIND}/{ITEMS_ARTIFACT}", self.load_model)

    def shop(self) -> Shop:
        """Return what a quote reads."""
        return Shop(self.promotions, self.price_book, self.restraints, self.profiles)

    def segments_of(self, person_id: str) -> frozenset[str]:
        """Return the segments of a person."""
        return self.members.personal.segments_of(person_id)

    def ad_segments_of(self, person_id: str) -> frozenset[str]:
        """Return those of a person's segments that ads may know."""
        return self.members.ads.segments_of(person_id)

    async def load_catalog(self) -> None:
        """Read the catalogue's prices."""
        self.price_book = await self.records.read(price_book)
        newest = await self.records.read(lambda conn: newest_skus(conn, NEWEST_MAX))
        self.newest_skus = tuple(newest)

    async def load_promotions(self) -> None:
        """Compile the live promotions and coupon batches."""
        self.promotions = await self.records.read(
            lambda conn: promotions_state.load(
                conn, self._coupon_secret, self._zone, self._currency
            )
        )

    async def take_in_promotions(self, ids: Collection[str]) -> None:
        """Compile the promotions of these ids, and no others."""
        self.promotions = await self.records.read(
            lambda conn: promotions_state.load_promotions(conn, self.promotions, ids)
        )

    async def load_codes(self) -> None:
        """Compile the live coupon batches."""
        codes = await self.records.read(
            lambda conn: promotions_state.load_codes(conn, self._coupon_secret)
        )
        self.promotions = self.promotions.changed({}, codes)

    async def load_profiles(self) -> None:
        """Read the live calculation profiles."""
        default = self.profiles.default
        self.profiles = await self.records.read(
            lambda conn: promotions_state.load_profiles(conn, default)
        )

    async def load_cards(self) -> None:
        """Compile the live card products."""
        self.cards = await self.records.read(
            lambda conn: cards_state.load(conn, self._coupon_secret)
        )

    async def load_programme(self) -> None:
        """Read the live programmes of points and of store credit."""
        self.programme, self.credit_programme = await self.records.read(self._programmes)

    def _programmes(self, conn: Connection) -> tuple[Programme | None, Programme | None]:
        zone = self._zone
        return loyalty_state.load(conn, zone), loyalty_state.load(conn, zone, "money")

    async def load_referrals(self) -> None:
        """Read the live referral programme."""
        self.referral_programme = await self.records.read(
            lambda conn: referral_state.load(conn, self._zone)
        )

    async def load_flash_sales(self) -> None:
        """Compile the live and paused flash sales."""
        self.flash_sales = await self.records.read(flash_state.load)

    async def load_ads(self) -> None:
        """Index the live campaigns by placement, with who pays for them."""
        placements = await self._documents.live(PLACEMENT)
        documents = joined(
            await self._documents.live(CAMPAIGN),
            await self._documents.live(AD_GROUP),
            await self._documents.live(CREATIVE),
        )
        bidding = control.controlled(documents, self._controls)
        campaigns = list(following(bidding, self.ads.standing.margins))
        who_pays = await self.records.read(wallets_state.load)
        ads = await asyncio.to_thread(
            ads_snapshot,
            placements,
            campaigns,
            self.counts,
            who_pays,
            zone=self._zone,
            before=self.ads,
            shares=control.shares_of(campaigns, self._controls),
            floors=self._floors,
        )
        self.ads = keeping(booking(ads, self._bookings), self.ads.standing)
        shelves = await asyncio.to_thread(
            shelf.shelves, campaigns, self.ads, self.counts, who_pays, self.money
        )
        self.shelves = replace(shelves, deals=self._deals)
        self.placement_floors = exchange_state.placement_floors(placements, self.counts)

    async def load_market(self) -> None:
        """Read who bids in our exchange, who may ask there, and what is stored for requests."""
        open_secret = self.open_secret
        self.market = await self.records.read(lambda conn: exchange_state.load(conn, open_secret))

    async def keep_promises(self, standing: Standing) -> None:
        """Let those campaigns rest whose promises cannot be kept just now, and no others.

        Where a margin has changed, bids that follow it are made anew.
        """
        before = self.ads.standing
        if standing == before:
            return
        self.ads = keeping(self.ads, standing)
        self.shelves = self.shelves.keeping(self.ads)
        if standing.margins != before.margins:
            await self.load_ads()

    async def load_floors(self) -> None:
        """Take in what floors were learned."""
        found = await self._artifact(reserve_log.ARTIFACT)
        self._floors = reserve_log.decode(found) if found else reserve_log.NOTHING_LEARNED
        await self.load_ads()

    async def load_bookings(self) -> None:
        """Take in which share of which placements the live deals have."""
        self._bookings = await self.records.read(bookings_at)
        self._deals = await self.records.read(lambda conn: private_deals(conn, self._zone))
        self.ads = booking(self.ads, self._bookings)
        self.shelves = replace(self.shelves, deals=self._deals)

    async def load_counts(self) -> None:
        """Take in what was counted of past ads."""
        found = await self._artifact(counts.ARTIFACT)
        self.counts = counts.decode(found) if found else []
        await self.load_ads()

    async def load_controls(self) -> None:
        """Take in what each campaign bids just now."""
        found = await self._artifact(control.ARTIFACT)
        self._controls = control.decode(found) if found else control.NO_CONTROLS
        await self.load_ads()

    async def load_shades(self) -> None:
        """Take in what bids win in foreign first-price auctions."""
        curves = shades.decode(await self._artifact(shades.ARTIFACT))
        self.shades = await asyncio.to_thread(shades.shades, curves)

    async def load_members(self) -> None:
        """Take in who is in which segment."""
        bodies = await self.records.read(members.read_bodies)
        self.members = await asyncio.to_thread(load_members, bodies)

    async def load_model(self) -> None:
        """Take in the recommendation model."""
        found = await self._artifact(ITEMS_ARTIFACT)
        self.model = await asyncio.to_thread(load_model, found) if found else None

    async def _artifact(self, name: str) -> bytes | None:
        found = await self.records.read(lambda conn: artifacts.get(conn, name))
        return found[1] if found else None
