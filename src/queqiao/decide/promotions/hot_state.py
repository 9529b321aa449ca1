"""From the records to the snapshot that quotes are answered from.

At the start everything is compiled; afterwards what has changed, and nothing else is even read.
"""

from collections.abc import Collection

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROFILE, PROMOTION
from queqiao.decide.promotions.coupons import voids
from queqiao.decide.promotions.offers import Offer, compile_offer
from queqiao.decide.promotions.profiles import Profiles
from queqiao.decide.promotions.snapshot import (
    Codes,
    PromotionsSnapshot,
    compile_codes,
    compile_snapshot,
)
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.money import DEFAULT_CURRENCY
from queqiao.ports.records import documents


def load(
    conn: Connection,
    secret: bytes,
    zone: str = DEFAULT_ZONE,
    currency: str = DEFAULT_CURRENCY,
) -> PromotionsSnapshot:
    """Compile all live promotions and coupon batches.

    ``secret`` makes and reads coupon codes; ``zone`` is that of conditions that name none,
    ``currency`` that of budgets of promotions that name none.
    """
    live = documents.live(conn, PROMOTION)
    promotions = ((stored.id, stored.document) for stored in live)
    snapshot = compile_snapshot(promotions, (), secret, zone=zone, currency=currency)
    return snapshot.changed({}, load_codes(conn, secret))


def load_codes(conn: Connection, secret: bytes) -> Codes:
    """Compile all live coupon batches, and those whose codes orders may still hold."""
    batches = ((stored.id, stored.document) for stored in documents.live(conn, COUPON_BATCH))
    resting = (
        (stored.id, stored.document)
        for state in ("paused", "archived")
        for stored in documents.in_state(conn, COUPON_BATCH, state)
    )
    return compile_codes(batches, secret, voids.load(conn), resting)


def load_profiles(conn: Connection, default: str) -> Profiles:
    """Return the live profiles; ``default`` is the name of the shop's."""
    live = documents.live(conn, PROFILE)
    return Profiles({stored.id: stored.document for stored in live}, default)


def load_promotions(
    conn: Connection, snapshot: PromotionsSnapshot, ids: Collection[str]
) -> PromotionsSnapshot:
    """Return the snapshot with the promotions of these ids as they are now."""
    offers: dict[str, Offer | None] = dict.fromkeys(ids)
    for stored in documents.live(conn, PROMOTION, ids):
        home = snapshot.zone, snapshot.currency
        offers[stored.id] = compile_offer(stored.id, stored.document, *home)
    return snapshot.changed(offers)
