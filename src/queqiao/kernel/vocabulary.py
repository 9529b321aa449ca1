"""The vocabulary of events: the Segment e-commerce specification's names, and ours beside them.

Wire names are snake_case. Money is given in minor units by the ``*_minor`` fields; the decimals of
the Segment specification (``price``, ``total``, …) are read where those are absent.
Unknown fields are welcome and kept; a known field of a wrong type makes the event a bad row.
"""

import msgspec

from queqiao.kernel.ad_events import Ad, AdConversion, AdStep, Auction, RefusedAd, UnfilledAd

ADS_SOURCE = "ads"
"""The source of the ads' own events: only these count as impressions, clicks and cost."""

FILES_SOURCE = "offline"
"""The source of what operators import from files, where they name no other."""

Number = int | float
Decimals = int | float | str | None
"""An amount as Segment clients send it: a JSON number, or a decimal in a string."""
Identifier = str | int | None
"""An id as clients send it; some send numbers."""


class Product(msgspec.Struct, omit_defaults=True):
    """One product as an event names it."""

    product_id: Identifier = None
    sku: Identifier = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    variant: str | None = None
    price: Decimals = None
    price_minor: int | None = None
    list_price_minor: int | None = None
    discount_minor: int | None = None
    quantity: Number | None = None
    currency: str | None = None
    coupon: str | None = None
    position: Number | None = None
    url: str | None = None
    image_url: str | None = None


class ProductEvent(Product, omit_defaults=True):
    """Product Viewed, Clicked, Added, Removed: one product and where it was seen."""

    cart_id: Identifier = None
    list_id: Identifier = None
    value: Decimals = None
    campaign_id: str | None = None
    decision_id: str | None = None


class ProductList(msgspec.Struct, omit_defaults=True):
    """Product List Viewed, Cart Viewed: several products."""

    list_id: Identifier = None
    cart_id: Identifier = None
    category: str | None = None
    currency: str | None = None
    products: list[Product] = []


class Order(msgspec.Struct, omit_defaults=True):
    """Checkout Started, Order Completed, Refunded, Cancelled, Adjusted."""

    order_id: Identifier = None
    checkout_id: Identifier = None
    affiliation: str | None = None
    currency: str | None = None
    total: Decimals = None
    total_minor: int | None = None
    subtotal: Decimals = None
    subtotal_minor: int | None = None
    revenue: Decimals = None
    revenue_minor: int | None = None
    discount: Decimals = None
    discount_minor: int | None = None
    shipping: Decimals = None
    shipping_minor: int | None = None
    tax: Decimals = None
    tax_minor: int | None = None
    coupon: str | None = None
    promotion_ids: list[str] = []
    campaign_id: str | None = None
    reason: str | None = None
    products: list[Product] = []


class CompletedOrder(Order, omit_defaults=True, kw_only=True):
    """Order Completed and Order Refunded must name the order."""

    order_id: str | int


class Coupon(msgspec.Struct, omit_defaults=True):
    """Coupon Issued, Claimed, Entered, Applied, Denied, Returned; ``coupon`` is the code."""

    order_id: Identifier = None
    cart_id: Identifier = None
    coupon: str | None = None
    coupon_id: Identifier = None
    coupon_name: str | None = None
    promotion_id: str | None = None
    discount: Decimals = None
    discount_minor: int | None = None
    currency: str | None = None
    reason: str | None = None


class Promotion(msgspec.Struct, omit_defaults=True):
    """Promotion Viewed and Clicked: an internal promotion at a place."""

    promotion_id: Identifier = None
    creative: str | None = None
    creative_id: str | None = None
    name: str | None = None
    position: str | int | None = None
    placement_id: str | None = None
    campaign_id: str | None = None
    sku: Identifier = None
    product_id: Identifier = None


class Reservation(msgspec.Struct, omit_defaults=True):
    """Reservation Committed, Released, Returned: goods of a flash sale and what became of them."""

    reservation_id: str
    flash_sale_id: str
    sku: str
    quantity: int
    session: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    order_id: Identifier = None


class GivenPromotion(msgspec.Struct, omit_defaults=True):
    """Promotion Applied and Returned: what one promotion gave to one order, and who pays it."""

    order_id: str
    promotion_id: str
    redemption_id: str
    discount_minor: int
    currency: str
    uses: int = 0
    platform_minor: int = 0
    shop_minor: int = 0
    brand_minor: int = 0
    coupon: str | None = None


class EngagementEvent(msgspec.Struct, omit_defaults=True):
    """Engagement Started, Joined, Cut, Completed, Expired, and Deposit Forfeited.

    ``customers`` counts who has joined or cut: an event names nobody but its own customer.
    """

    engagement_id: str
    promotion_id: str
    customers: int = 0
    price_minor: int | None = None
    expires_at: str | None = None


class PointsMoved(msgspec.Struct, omit_defaults=True):
    """Points Earned, Spent, Returned, Taken Back, Adjusted, Expired: one movement on an account.

    ``points`` is 0 or more; ``added`` says whether the account has more of them now.
    """

    programme_id: str
    points: int
    added: bool
    order_id: str | None = None
    available_at: str | None = None
    expires_at: str | None = None


class StoreCreditMoved(msgspec.Struct, omit_defaults=True):
    """Store Credit Earned, Spent, Returned, Taken Back, Adjusted, Expired: a movement of money.

    ``amount_minor`` is 0 or more; ``added`` says whether the account has more now.
    """

    programme_id: str
    amount_minor: int
    currency: str
    added: bool
    order_id: str | None = None
    available_at: str | None = None
    expires_at: str | None = None


class ReferralStep(msgspec.Struct, omit_defaults=True):
    """Referral Accepted, Refused, Ordered, Rewarded, Reversed: a step of a newcomer's referral.

    ``signal``: why it was refused. ``reward``: points, store_credit or coupon; ``amount``: points
    or minor units.
    """

    programme_id: str
    referral_id: str
    signal: str | None = None
    redemption_id: str | None = None
    reward: str | None = None
    amount: int | None = None


class TierChanged(msgspec.Struct, omit_defaults=True):
    """Tier Changed: a customer is in another tier of a points programme, or in none."""

    programme_id: str
    tier: str | None = None
    before: str | None = None


class Exposure(msgspec.Struct, omit_defaults=True):
    """Promotion Exposed: a customer came under a promotion, got it or is held back from it."""

    promotion_id: str
    arm: str


class Redemption(msgspec.Struct, omit_defaults=True):
    """Redemption Reserved, Committed, Released, Returned: the promotions of one order."""

    redemption_id: str
    order_id: str
    currency: str | None = None
    discount_minor: int | None = None
    promotion_ids: list[str] = []
    reason: str | None = None


class CreditMemo(msgspec.Struct, omit_defaults=True):
    """Credit Memo Issued: what went back to the customer for a part of one order."""

    redemption_id: str
    order_id: str
    currency: str | None = None
    total_minor: int | None = None


class Search(msgspec.Struct, omit_defaults=True):
    """Products Searched."""

    query: str | None = None


class Recommendation(msgspec.Struct, omit_defaults=True):
    """Recommendation Served."""

    decision_id: str
    placement_id: str | None = None
    model: str | None = None
    products: list[Product] = []


class Notification(msgspec.Struct, omit_defaults=True):
    """Notification Sent."""

    channel: str | None = None
    notification_id: str | None = None
    campaign_id: str | None = None


EVENTS: dict[str, type[msgspec.Struct]] = {
    "Product Viewed": ProductEvent,
    "Product List Viewed": ProductList,
    "Product Clicked": ProductEvent,
    "Product Added": ProductEvent,
    "Product Removed": ProductEvent,
    "Cart Viewed": ProductList,
    "Checkout Started": Order,
    "Order Completed": CompletedOrder,
    "Order Refunded": CompletedOrder,
    "Order Cancelled": CompletedOrder,
    "Order Adjusted": CompletedOrder,
    "Coupon Issued": Coupon,
    "Coupon Claimed": Coupon,
    "Coupon Entered": Coupon,
    "Coupon Applied": Coupon,
    "Coupon Denied": Coupon,
    "Coupon Returned": Coupon,
    "Promotion Viewed": Promotion,
    "Promotion Clicked": Promotion,
    "Reservation Committed": Reservation,
    "Reservation Released": Reservation,
    "Reservation Returned": Reservation,
    "Engagement Started": EngagementEvent,
    "Engagement Joined": EngagementEvent,
    "Engagement Cut": EngagementEvent,
    "Engagement Completed": EngagementEvent,
    "Engagement Expired": EngagementEvent,
    "Deposit Forfeited": EngagementEvent,
    "Points Earned": PointsMoved,
    "Points Spent": PointsMoved,
    "Points Returned": PointsMoved,
    "Points Taken Back": PointsMoved,
    "Points Adjusted": PointsMoved,
    "Points Expired": PointsMoved,
    "Store Credit Earned": StoreCreditMoved,
    "Store Credit Spent": StoreCreditMoved,
    "Store Credit Returned": StoreCreditMoved,
    "Store Credit Taken Back": StoreCreditMoved,
    "Store Credit Adjusted": StoreCreditMoved,
    "Store Credit Expired": StoreCreditMoved,
    "Tier Changed": TierChanged,
    "Referral Accepted": ReferralStep,
    "Referral Refused": ReferralStep,
    "Referral Ordered": ReferralStep,
    "Referral Rewarded": ReferralStep,
    "Referral Reversed": ReferralStep,
    "Promotion Exposed": Exposure,
    "Promotion Applied": GivenPromotion,
    "Promotion Returned": GivenPromotion,
    "Redemption Reserved": Redemption,
    "Redemption Committed": Redemption,
    "Redemption Released": Redemption,
    "Redemption Returned": Redemption,
    "Credit Memo Issued": CreditMemo,
    "Products Searched": Search,
    "Ad Served": Ad,
    "Ad Unfilled": UnfilledAd,
    "Ad Viewed": Ad,
    "Ad Viewable": AdStep,
    "Ad Clicked": AdStep,
    "Ad Closed": AdStep,
    "Ad Video Started": AdStep,
    "Ad Video First Quartile": AdStep,
    "Ad Video Midpoint": AdStep,
    "Ad Video Third Quartile": AdStep,
    "Ad Video Completed": AdStep,
    "Ad Video Skipped": AdStep,
    "Ad Failed": AdStep,
    "Ad Converted": AdConversion,
    "Ad View Refused": RefusedAd,
    "Ad Click Refused": RefusedAd,
    "Ad Conversion Refused": RefusedAd,
    "Ad Click Refunded": RefusedAd,
    "Auction Held": Auction,
    "Auction Won": Auction,
    "Auction Shown": Auction,
    "Ad Bid": Ad,
    "Ad Won": Ad,
    "Ad Billed": Ad,
    "Ad Lost": Ad,
    "Recommendation Served": Recommendation,
    "Notification Sent": Notification,
}
"""The type of ``properties`` by the event's name. An event that is not here is free in form."""
