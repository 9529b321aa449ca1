"""The vocabulary of events about ads and auctions."""

import msgspec


class Ad(msgspec.Struct, omit_defaults=True):
    """Ad Served, Viewed, Clicked: one decision of the auction and what became of it.

    Ad Bid, Won, Billed, Lost: one bid in another exchange.
    """

    decision_id: str
    campaign_id: str
    placement_id: str
    creative_id: str | None = None
    sku: str | None = None
    price_minor: int | None = None
    cost_minor: int | None = None
    currency: str | None = None


class Auction(msgspec.Struct, omit_defaults=True):
    """Auction Held, Won, Shown: an auction of our exchange, and what pages tell of its bids.

    ``price`` is for a thousand impressions.
    """

    decision_id: str
    publisher_id: str
    currency: str | None = None
    bidder: str | None = None
    imp_id: str | None = None
    price: float | None = None


class UnfilledAd(msgspec.Struct, omit_defaults=True):
    """Ad Unfilled: places of a request that stayed empty. ``placement_id`` is the first of them."""

    decision_id: str
    placement_id: str


class AdStep(Ad, omit_defaults=True):
    """Ad Viewable, Clicked, Closed, Failed, Video …; an order is owed to it for ``window_days``."""

    window_days: int | None = None
    reason: str | None = None


class AdConversion(Ad, omit_defaults=True):
    """Ad Converted: what is owed to an ad (``attributed_by`` click or view), told by whom."""

    order_id: str | None = None
    total_minor: int | None = None
    attributed_by: str | None = None
    attribution_age_s: int | None = None
    told_by: str | None = None


class RefusedAd(Ad, omit_defaults=True):
    """Ad View, Click, Conversion Refused, Ad Click Refunded: what does not count, and why.

    ``cost_minor`` of a refund is negative: what the click had cost.
    """

    reason: str | None = None
    detail: str | None = None
