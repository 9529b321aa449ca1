"""The live pages at one moment: immutable, swapped whole when something of them changes."""

from collections.abc import Iterable

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.ports.records import documents
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.references import Stocked, references
from queqiao.reach.landing_pages.scene import LivePage

CHANGES = ("catalog", LANDING_PAGE.name, COUPON_BATCH.name, PROMOTION.name, FLASH_SALE.name)
"""The kinds of the change feed upon which the snapshot is built anew."""
PAGES_MAX = 2_000
"""How many live pages are held, by id."""


class PagesSnapshot:
    """Live pages by slug, and the slugs of pages that have been archived."""

    def __init__(self, pages: Iterable[LivePage] = (), gone: Iterable[str] = ()) -> None:
        self.pages = {page.document.slug: page for page in pages}
        self.gone = frozenset(gone) - self.pages.keys()


def load(conn: Connection, stocked: Stocked) -> PagesSnapshot:
    """Read every live page with what it refers to."""
    live = documents.live(conn, LANDING_PAGE)[:PAGES_MAX]
    pages = [
        LivePage(stored.id, stored.document, references(conn, stored.document, stocked))
        for stored in live
    ]
    return PagesSnapshot(pages, _archived(conn))


def _archived(conn: Connection) -> list[str]:
    found = documents.find(conn, LANDING_PAGE, state="archived", limit=PAGES_MAX)
    return [stored.document.slug for stored in found]
