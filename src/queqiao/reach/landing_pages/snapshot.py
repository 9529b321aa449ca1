"""The live pages at one moment: immutable, swapped whole when something of them changes."""

from collections.abc import Iterable

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION
from queqiao.decide.promotions.flash_sales.contracts import FLASH_SALE
from queqiao.ports.records import documents
from queqiao.reach.landing_pages.document import LandingPageDocument
from queqiao.reach.landing_pages.kind import LANDING_PAGE
from queqiao.reach.landing_pages.references import Stocked, references
from queqiao.reach.landing_pages.scene import LivePage

CHANGES = ("catalog", LANDING_PAGE.name, COUPON_BATCH.name, PROMOTION.name, FLASH_SALE.name)
"""The kinds of the change feed upon which the snapshot is built anew."""
GONE_MAX = 2_000
"""How many archived pages are remembered as gone, the newest; older ones are not found."""


class PagesSnapshot:
    """Live pages by slug, and the slugs of pages that have been archived."""

    def __init__(self, pages: Iterable[LivePage] = (), gone: Iterable[str] = ()) -> None:
        self.pages = {page.document.slug: page for page in pages}
        self.gone = frozenset(gone) - self.pages.keys()


def load(conn: Connection, stocked: Stocked, before: PagesSnapshot | None = None) -> PagesSnapshot:
    """Read every live page with what it refers to.

    A page that is as it was ``before`` stays the same object, so that its drawing stays good.
    """
    known = {} if before is None else before.pages
    pages = []
    for stored in documents.live(conn, LANDING_PAGE):
        document: LandingPageDocument = stored.document
        found = LivePage(stored.id, document, references(conn, document, stocked))
        earlier = known.get(document.slug)
        pages.append(earlier if earlier is not None and earlier == found else found)
    return PagesSnapshot(pages, _archived(conn))


def _archived(conn: Connection) -> list[str]:
    found = documents.find(conn, LANDING_PAGE, state="archived", limit=GONE_MAX)
    return [stored.document.slug for stored in found]
