"""A programme of points (积分与会员等级) or of store credit (余额, 返现): how accounts work."""

from typing import Annotated, Literal

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name, Price

Holds = Literal["points", "money"]
WholeDays = Annotated[int, Meta(ge=0, le=3_650)]


class PointsName(Document, frozen=True, omit_defaults=False):
    """What the points are called in Chinese and in English."""

    zh: Name = "积分"
    en: Name = "points"


class PointsWorth(Document, frozen=True, omit_defaults=False):
    """``points`` are worth ``amount`` minor units of ``currency``: what the shop owes for them."""

    points: Count = 100
    amount: Price = 100
    currency: Name = "CNY"


class MemberTier(Document, frozen=True, omit_defaults=False):
    """A tier of members: from ``at_least`` on. ``earn_percent``: of the points that others earn."""

    name: Name
    at_least: Price
    earn_percent: Annotated[int, Meta(ge=0, le=10_000)] = 100


class PointsProgrammeDocument(Document, frozen=True, omit_defaults=False):
    """How customers earn, keep and lose points. One programme of each ``holds`` is live at a time.

    - ``holds``: ``points``; or ``money``, which is store credit: minor units of the worth's
      currency, one for one. Cashback earns it, and it pays a part of later orders. It has no tiers.
    - ``available_after_days``: how long after the order is paid its points can be used; 0: at once.
    - ``expires``: ``never``; ``months``: ``expires_after`` months after the order, to the end of
      that day; ``year_end``: at the end of the year, or ``expires_after`` years later. Those that
      were earned first are used first.
    - ``tiers`` from the lowest to the highest, by the ``points`` earned or the money spent
      (``spend``, minor units of the worth's currency) within ``tier_months``.
    - ``taken_back``: what happens when a refund takes back points that were used already: the
      account owes them (``debt``), or their worth is taken from the refund (``cash``).
    - ``returned_days``: points that a refund gives back can be used at least so long.
    - ``adjust_at_most``: bound of one adjustment by an operator.
    """

    name: Name
    holds: Holds = "points"
    points_name: PointsName = PointsName()
    worth: PointsWorth = PointsWorth()
    available_after_days: WholeDays = 0
    expires: Literal["never", "months", "year_end"] = "never"
    expires_after: Annotated[int, Meta(ge=0, le=120)] = 12
    tiers: Annotated[tuple[MemberTier, ...], Meta(max_length=20)] = ()
    tier_by: Literal["points", "spend"] = "points"
    tier_months: Annotated[int, Meta(ge=1, le=120)] = 12
    taken_back: Literal["debt", "cash"] = "debt"
    returned_days: WholeDays = 30
    adjust_at_most: Amount = 100_000
