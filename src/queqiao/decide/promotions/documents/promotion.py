"""One promotion, as operators write it. Times are RFC 3339, amounts minor units."""

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from queqiao.decide.promotions.documents.benefit import Benefit
from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name, Names, Share
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.mechanic import Mechanic
from queqiao.decide.promotions.documents.profile import Layer
from queqiao.decide.promotions.documents.scope import Scope


class Limits(Document, frozen=True):
    """How often it may be used and what it may cost, all counted in the ledger.

    Uses count when an order is placed or a coupon redeemed; days are those of the shop's time
    zone. ``budget`` is money in minor units. At its end, ``stop``: nothing is given that does not
    fit whole; ``reduce``: the last use gets what is left; ``go_on``: it is only reported.
    """

    total: Count | None = None
    per_day: Count | None = None
    per_customer: Count | None = None
    per_customer_per_day: Count | None = None
    per_device: Count | None = None
    budget: Amount | None = None
    budget_end: Literal["stop", "reduce", "go_on"] = "stop"


class Funding(Document, frozen=True):
    """Who pays, in whole percent that sum to 100."""

    platform: Share = 100
    shop: Share = 0
    brand: Share = 0


class PromotionDocument(Document, frozen=True):
    """One promotion. With ``code_batch`` it needs a code of that coupon batch.

    ``layer``: None is that of the benefit (``coupon`` with a code). Promotions of one ``group``
    compete as the profile says. ``combines_with``: only these promotions and groups may give
    beside it; None: any. ``excludes``: these never give beside it. ``exclusive``: nothing does.
    ``holdback_percent`` of the customers never get it, so that its effect can be measured; None is
    5, and 0 with a code or a mechanic.
    """

    name: Name
    benefit: Benefit
    starts_at: str | None = None
    ends_at: str | None = None
    priority: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    exclusive: bool = False
    layer: Layer | None = None
    group: Name | None = None
    combines_with: Names | None = None
    excludes: Names = ()
    scope: Scope = Scope()
    condition: Condition = Condition()
    mechanic: Mechanic | None = None
    code_batch: Name | None = None
    currency: Name | None = None
    limits: Limits = Limits()
    funding: Funding = Funding()
    holdback_percent: Decimal | None = None


class InlinePromotion(PromotionDocument, frozen=True):
    """A promotion given with a question instead of stored; without ``id`` it goes by its place."""

    id: Name | None = None
