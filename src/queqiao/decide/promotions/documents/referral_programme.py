"""A referral programme (老带新): what a newcomer gets by a member's code, and the member for it."""

from typing import Annotated

from msgspec import Meta

from queqiao.decide.promotions.documents.bounds import Amount, Count, Document, Name

Days = Annotated[int, Meta(ge=1, le=365)]


class PointsReward(Document, frozen=True, tag_field="type", tag="points"):
    """So many points of the live points programme."""

    points: Count


class CreditReward(Document, frozen=True, tag_field="type", tag="store_credit"):
    """So much store credit, in minor units of the live programme of money."""

    amount: Amount


class CouponReward(Document, frozen=True, tag_field="type", tag="coupon"):
    """A coupon of a batch of personal ones."""

    batch: Name


Reward = PointsReward | CreditReward | CouponReward


class ReferralProgrammeDocument(Document, frozen=True, omit_defaults=False):
    """How members bring newcomers.

    - ``newcomer_batch``: the batch of personal coupons of which a newcomer gets one by a code.
    - ``reward``: what the member gets once the newcomer's first order is paid and ``return_days``
      have passed; not where less than ``order_at_least`` (minor units) of it was kept.
    - ``accept_days``: within how many days after the code the first order has to be paid.
    - ``rewards_per_month``, ``rewards_total``: how many rewards one member gets, by the shop's
      calendar and in all; ``rewards_in_all``: how many all members get together.
    - ``accepts_per_day``: how many newcomers may use one member's code in a day.
    - ``newcomers_per_address``: how many newcomers may come from one address in 30 days.
    - ``link``: where a member's link leads; ``{code}`` in it is the code.
    """

    name: Name
    newcomer_batch: Name
    reward: Reward
    starts_at: str | None = None
    ends_at: str | None = None
    return_days: Annotated[int, Meta(ge=0, le=365)] = 7
    order_at_least: Amount | None = None
    accept_days: Days = 30
    rewards_per_month: Count = 10
    rewards_total: Count = 100
    rewards_in_all: Count | None = None
    accepts_per_day: Count = 50
    newcomers_per_address: Count = 3
    link: Annotated[str, Meta(max_length=500)] = ""
