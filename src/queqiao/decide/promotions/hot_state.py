"""From the records to the snapshot that quotes are answered from."""

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.coupons import voids
from queqiao.decide.promotions.snapshot import PromotionsSnapshot, compile_snapshot
from queqiao.ports.records import documents

CHANGES = (PROMOTION.name, COUPON_BATCH.name)
"""The kinds of the change feed upon which the snapshot is built anew."""


def load(conn: Connection, secret: bytes) -> PromotionsSnapshot:
    """Compile all live promotions and coupon batches. ``secret`` makes and reads coupon codes."""
    promotions = [(stored.id, stored.document) for stored in documents.live(conn, PROMOTION)]
    batches = [(stored.id, stored.document) for stored in documents.live(conn, COUPON_BATCH)]
    return compile_snapshot(promotions, batches, secret, voids.load(conn))
