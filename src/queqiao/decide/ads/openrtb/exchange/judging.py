"""Whether a bid may stand: pure, from what it says and what is for sale, so that a record replays.

A bid is compared at its price × the rate of its currency × the factor by which it is adjusted.
"""

from collections.abc import Collection, Mapping
from enum import Enum

from msgspec import Struct

from queqiao.decide.ads.openrtb.exchange.domains import within
from queqiao.decide.ads.openrtb.exchange.lots import DealTerms, Lot, Media, Size

DECIMALS = 6
"""Decimals of an adjusted price; floats do not tell more of a sum of money."""


class Reason(Enum):
    """Why a bid was rejected: IAB's codes for it, and whether the bidder lied.

    ``code`` is of the Seat Non Bid list, ``loss`` of OpenRTB's loss reasons (AdCOM 1.0). A lie is
    what no bidder in order sends; it counts as a failure of the bidder.
    """

    UNKNOWN_IMP = ("unknown_imp", 300, 3, True)
    NO_PRICE = ("no_price", 300, 9, True)
    PRICE_ABOVE_BOUND = ("price_above_bound", 300, 3, True)
    CURRENCY = ("currency", 300, 3, True)
    RATE_UNKNOWN = ("rate_unknown", 300, 3, False)
    DUPLICATE = ("duplicate", 302, 3, True)
    UNKNOWN_DEAL = ("unknown_deal", 300, 4, False)
    DEAL_OF_OTHERS = ("deal_of_others", 300, 4, False)
    DEAL_OF_OTHER_DOMAINS = ("deal_of_other_domains", 300, 4, False)
    NO_DEAL = ("no_deal", 300, 103, False)
    FLOOR_UNKNOWN = ("floor_unknown", 300, 100, False)
    BELOW_FLOOR = ("below_floor", 301, 100, False)
    BELOW_DEAL_FLOOR = ("below_deal_floor", 304, 101, False)
    NO_MARKUP = ("no_markup", 350, 7, False)
    ATTRIBUTE_BLOCKED = ("attribute_blocked", 350, 210, False)
    SIZE = ("size", 351, 203, False)
    NOT_SECURE = ("not_secure", 352, 207, False)
    FORMAT = ("format", 353, 204, False)
    ADVERTISER_BLOCKED = ("advertiser_blocked", 356, 205, False)
    APP_BLOCKED = ("app_blocked", 356, 206, False)
    CATEGORY_BLOCKED = ("category_blocked", 357, 209, False)
    BEYOND_MULTIBID = ("beyond_multibid", 501, 102, False)

    def __init__(self, word: str, code: int, loss: int, lie: bool) -> None:
        self.word = word
        self.code = code
        self.loss = loss
        self.lie = lie


class Offered(Struct, frozen=True, omit_defaults=True):
    """What of a bid it is judged by. ``rate`` None: nobody says what its currency is worth.

    ``price`` is for a thousand, in ``cur``, as the bidder told it; ``price_max`` in the same.
    """

    seat: str
    bid_id: str
    imp_id: str
    price: float
    cur: str
    rate: float | None
    price_max: float
    is_cur_asked: bool = True
    factor: float = 1.0
    media: Media = "banner"
    deal_id: str | None = None
    size: Size | None = None
    domains: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: tuple[int, ...] = ()
    bundle: str | None = None
    has_markup: bool = True
    is_secure: bool = True
    is_own: bool = False

    @property
    def adjusted(self) -> float:
        """The price by which it is compared, in the auction's currency."""
        return round(self.price * (self.rate or 0.0) * self.factor, DECIMALS)


class Blocks(Struct, frozen=True, omit_defaults=True):
    """What the publisher takes from nobody."""

    categories: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    bundles: tuple[str, ...] = ()


def verdict(
    bid: Offered, lots: Mapping[str, Lot], blocks: Blocks, seen: Collection[str]
) -> Reason | None:
    """Return why a bid may not stand, None when it may; ``seen`` are ids of the bidder's others."""
    lot = lots.get(bid.imp_id)
    if lot is None:
        return Reason.UNKNOWN_IMP
    if not bid.is_cur_asked:
        return Reason.CURRENCY
    if bid.rate is None:
        return Reason.RATE_UNKNOWN
    if bid.bid_id in seen:
        return Reason.DUPLICATE
    return _price(bid) or _creative(bid, lot) or _blocked(bid, lot, blocks) or _terms(bid, lot)


def _price(bid: Offered) -> Reason | None:
    if bid.price < 0 or (bid.price == 0 and not bid.deal_id):
        return Reason.NO_PRICE
    return Reason.PRICE_ABOVE_BOUND if bid.price > bid.price_max else None


def _creative(bid: Offered, lot: Lot) -> Reason | None:
    if not bid.has_markup:
        return Reason.NO_MARKUP
    if bid.media not in lot.media:
        return Reason.FORMAT
    if lot.secure and not bid.is_secure:
        return Reason.NOT_SECURE
    return None if bid.media != "banner" or _fits(bid.size, lot.size_max) else Reason.SIZE


def _fits(size: Size | None, most: Size | None) -> bool:
    return size is None or most is None or (size[0] <= most[0] and size[1] <= most[1])


def _blocked(bid: Offered, lot: Lot, blocks: Blocks) -> Reason | None:
    if blocks.domains and any(within(each.lower(), blocks.domains) for each in bid.domains):
        return Reason.ADVERTISER_BLOCKED
    if bid.bundle is not None and bid.bundle in blocks.bundles:
        return Reason.APP_BLOCKED
    if blocks.categories and any(_is_of(each, blocks.categories) for each in bid.categories):
        return Reason.CATEGORY_BLOCKED
    attributes = lot.blocked_attributes.get(bid.media)
    if attributes and not set(attributes).isdisjoint(bid.attributes):
        return Reason.ATTRIBUTE_BLOCKED
    return None


def _is_of(category: str, blocked: Collection[str]) -> bool:
    """Say whether a category is blocked itself, or by the one that it is part of."""
    return category in blocked or category.partition("-")[0] in blocked


def _terms(bid: Offered, lot: Lot) -> Reason | None:
    if not bid.deal_id:
        return Reason.NO_DEAL if lot.private else _reaches_floor(bid, lot)
    deal = lot.deal(bid.deal_id)
    reason = Reason.UNKNOWN_DEAL if deal is None else _on_deal(bid, deal)
    return reason or (_reaches_floor(bid, lot) if lot.floor_of_deals else None)


def _on_deal(bid: Offered, deal: DealTerms) -> Reason | None:
    if not deal.open_to(bid.seat):
        return Reason.DEAL_OF_OTHERS
    if deal.domains and not any(within(each.lower(), deal.domains) for each in bid.domains):
        return Reason.DEAL_OF_OTHER_DOMAINS
    reaches = deal.floor is not None and bid.adjusted >= deal.floor
    return None if reaches else Reason.BELOW_DEAL_FLOOR


def _reaches_floor(bid: Offered, lot: Lot) -> Reason | None:
    if lot.floor is None:
        return Reason.FLOOR_UNKNOWN
    return Reason.BELOW_FLOOR if lot.enforced and bid.adjusted < lot.floor else None
