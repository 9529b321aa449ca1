"""A customer's wallet: the personal coupons one has, and what has become of each."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec
from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.coupons import holdings, voids
from queqiao.decide.promotions.coupons.code_book import Batch, compile_batch
from queqiao.decide.promotions.coupons.holdings import Holding
from queqiao.decide.promotions.coupons.ranges import NO_RANGES
from queqiao.decide.promotions.coupons.redemption import Unlocked
from queqiao.decide.promotions.coupons.uses import code_counter
from queqiao.decide.promotions.offers import FOREVER_US
from queqiao.decide.promotions.quoting import Shop
from queqiao.kernel.clock import format_rfc3339
from queqiao.ports.ledger.base import NOTHING, Balance, Ledger
from queqiao.ports.records import documents
from queqiao.ports.records.base import Records

CodeStatus = Literal["issued", "locked", "redeemed", "expired", "void", "unavailable"]
STATES: tuple[str, ...] = get_args(CodeStatus)


class WalletCoupon(msgspec.Struct, frozen=True):
    """A coupon in a wallet. ``unavailable``: its batch is not live just now."""

    code: str
    batch_id: str
    name: str
    state: CodeStatus
    origin: str
    issued_at: str
    starts_at: str | None
    expires_at: str | None
    promotions: list[Unlocked]


class Wallet(msgspec.Struct, frozen=True):
    """A page of a wallet, newest first; where one ``state`` is asked for, perhaps a short one."""

    items: list[WalletCoupon]
    next_cursor: str | None = None


class Place(NamedTuple):
    """Where a list goes on: behind the coupon that was had at that time."""

    issued_at_us: int
    batch_id: str
    number: int


class Wallets:
    """Reads wallets: the records say who has what, the ledger what was used."""

    def __init__(
        self, shop: Callable[[], Shop], ledger: Ledger, records: Records, secret: bytes
    ) -> None:
        self._shop = shop
        self._ledger = ledger
        self._records = records
        self._secret = secret

    async def page(
        self, customer_id: str, after: Place | None, limit: int, now_us: int
    ) -> tuple[list[WalletCoupon], Place | None]:
        """Return at most ``limit`` coupons and where the next page begins."""
        held, batches = await self._records.read(
            lambda conn: self._held(conn, customer_id, after, limit)
        )
        coupons = await self.shown(held, batches, now_us)
        if len(held) < limit:
            return coupons, None
        return coupons, Place(held[-1].issued_at_us, held[-1].batch_id, held[-1].number)

    async def shown(
        self, held: Sequence[Holding], batches: dict[str, Batch], now_us: int
    ) -> list[WalletCoupon]:
        """Return the coupons as a wallet shows them."""
        codes = [batches[one.batch_id].code(one.number) for one in held]
        names = [code_counter(one.batch_id, code) for one, code in zip(held, codes, strict=True)]
        await self._ledger.expire(now_us)
        used = await self._ledger.balances(names) if names else {}
        return [
            self._view(one, batches[one.batch_id], code, used.get(name, NOTHING), now_us)
            for one, code, name in zip(held, codes, names, strict=True)
        ]

    def _held(
        self, conn: Connection, customer_id: str, after: Place | None, limit: int
    ) -> tuple[list[Holding], dict[str, Batch]]:
        held = holdings.of_customer(conn, customer_id, after, limit)
        return held, {one: self._batch(conn, one) for one in {each.batch_id for each in held}}

    def _batch(self, conn: Connection, batch_id: str) -> Batch:
        known = self._shop().promotions.code_book.batch(batch_id)
        if known is not None:
            return known
        stored = documents.get(conn, COUPON_BATCH, batch_id)
        void = voids.load(conn).get(batch_id, NO_RANGES)
        return compile_batch(batch_id, stored.document, self._secret, void)

    def _view(
        self, held: Holding, batch: Batch, code: str, used: Balance, now_us: int
    ) -> WalletCoupon:
        promotions = self._shop().promotions
        is_live = promotions.code_book.batch(batch.id) is not None
        offers = promotions.unlocked_by(batch.id)
        return WalletCoupon(
            code,
            batch.id,
            batch.name,
            status(batch, held.number, held.expires_at_us, used, now_us, is_live=is_live),
            held.origin,
            format_rfc3339(held.issued_at_us),
            format_rfc3339(batch.starts_us) if batch.starts_us else None,
            format_rfc3339(held.expires_at_us) if held.expires_at_us < FOREVER_US else None,
            [Unlocked(offer.id, offer.name) for offer in offers],
        )


def status(
    batch: Batch, number: int, ends_us: int, used: Balance, now_us: int, *, is_live: bool = True
) -> CodeStatus:
    """Return what has become of a code: uses first, then what keeps it from more."""
    if used.spent >= batch.uses_per_code:
        return "redeemed"
    if used.leased:
        return "locked"
    if number in batch.voids:
        return "void"
    if now_us >= ends_us:
        return "expired"
    return "issued" if is_live else "unavailable"
