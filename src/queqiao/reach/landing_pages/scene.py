"""All that a page is drawn from at one moment: the document, what it refers to, and prices."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from queqiao.catalog.contracts import ShownGoods
from queqiao.decide.promotions.contracts import CouponBatchDocument, PromotionDocument
from queqiao.kernel.clock import parse_rfc3339
from queqiao.kernel.http import Language
from queqiao.reach.landing_pages.document import CountdownBlock, LandingPageDocument


class Priced(Struct, frozen=True):
    """What a SKU costs now, in minor units; ``was_minor`` is the higher price struck through."""

    now_minor: int
    was_minor: int | None
    currency: str


class SaleItem(Struct, frozen=True):
    """One SKU of a flash sale: its price and how many there were at the begin."""

    sku: str
    price_minor: int
    currency: str
    stock: int


class Sale(Struct, frozen=True):
    """A live flash sale: its sessions (begin, end) in order of time, and its goods."""

    name: str
    sessions: tuple[tuple[int, int], ...]
    items: tuple[SaleItem, ...]

    def turn_us(self, now_us: int) -> int | None:
        """Return the next begin or end of a session, None when all are over."""
        return next((turn for session in self.sessions for turn in session if turn > now_us), None)

    def is_open(self, now_us: int) -> bool:
        """Say whether a session is under way."""
        return any(begin <= now_us < end for begin, end in self.sessions)


class References(Struct, frozen=True):
    """What a page's blocks name, as far as it is live; goods by SKU, and SKUs by goods block."""

    coupons: Mapping[str, CouponBatchDocument] = {}
    promotions: Mapping[str, PromotionDocument] = {}
    sales: Mapping[str, Sale] = {}
    goods: Mapping[str, ShownGoods] = {}
    shelves: Mapping[str, Sequence[str]] = {}


Stock = Callable[[Sequence[str], int], Awaitable[Mapping[str, Mapping[str, int]]]]
"""Tells how many pieces are left in the session of now, by flash sale and SKU."""
Prices = Callable[[Sequence[str], int], Mapping[str, Priced]]
"""Prices single units of SKUs at a moment by the live promotions; unknown SKUs are left out."""


class LivePage(Struct, frozen=True):
    """A page with what it refers to, ready to be drawn in any language at any moment."""

    id: str
    document: LandingPageDocument
    references: References = References()

    def skus(self) -> list[str]:
        """Return every SKU that the page may show."""
        return list(self.references.goods)

    def says_as(self, other: "LivePage") -> bool:
        """Say whether operators' words are those of another, whatever became of the goods."""
        mine, others = self.references, other.references
        return self is other or (
            self.document == other.document
            and mine.coupons == others.coupons
            and mine.promotions == others.promotions
            and mine.sales == others.sales
        )

    def turns_us(self, now_us: int) -> int | None:
        """Return the next moment at which the page looks different by the clock alone."""
        return min((one for one in self._moments(now_us) if one > now_us), default=None)

    def _moments(self, now_us: int) -> Iterator[int]:
        named = self.references
        windows = [(one.starts_at, one.ends_at) for one in named.promotions.values()]
        for batch in named.coupons.values():
            windows.append((None, batch.ends_at))
            if batch.personal is not None:
                windows.append((batch.personal.claim_starts_at, batch.personal.claim_ends_at))
        clocks = (one for one in self.document.blocks if isinstance(one, CountdownBlock))
        windows += [(None, clock.until) for clock in clocks]
        yield from (end for each in windows for end in window_us(*each) if end is not None)
        turns = (sale.turn_us(now_us) for sale in named.sales.values())
        yield from (turn for turn in turns if turn is not None)


class Scene(Struct, frozen=True):
    """One drawing of a page. A ``is_draft`` one tells the operator what visitors will not see.

    ``light`` overrules what the browser prefers.
    """

    page: LivePage
    language: Language
    now_us: int
    zone: str
    prices: Mapping[str, Priced]
    is_draft: bool = False
    light: Literal["light", "dark"] | None = None

    @property
    def document(self) -> LandingPageDocument:
        """The document of the page."""
        return self.page.document

    @property
    def placement_id(self) -> str:
        """The name under which the page stands in events."""
        return placement_of(self.page.id)


def placement_of(page_id: str) -> str:
    """Return the ``placement_id`` of a page's events."""
    return f"landing:{page_id}"


def window_us(starts_at: str | None, ends_at: str | None) -> tuple[int | None, int | None]:
    """Return the moments of a document's window."""
    return (
        None if starts_at is None else parse_rfc3339(starts_at, "starts_at"),
        None if ends_at is None else parse_rfc3339(ends_at, "ends_at"),
    )
