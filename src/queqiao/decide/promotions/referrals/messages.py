"""Referrals on the wire. Times are RFC 3339, money minor units."""

from typing import Annotated

from msgspec import Meta, Struct

from queqiao.decide.promotions.coupons.wallet import WalletCoupon

ShortText = Annotated[str, Meta(max_length=200)]
Address = Annotated[str, Meta(max_length=64)]


class NewMember(Struct, frozen=True, forbid_unknown_fields=True):
    """From where a customer asks for a code: a newcomer from the same device or address is none."""

    device_id: ShortText = ""
    address: Address = ""


class NewReferral(Struct, frozen=True, forbid_unknown_fields=True):
    """A newcomer who uses a member's code.

    ``orders``: how many orders of the customer the shop knows; with one or more it is no newcomer.
    """

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    customer_id: Annotated[str, Meta(min_length=1, max_length=200)]
    device_id: ShortText = ""
    address: Address = ""
    orders: Annotated[int, Meta(ge=0, le=10**9)] | None = None


class AcceptedReferral(Struct, frozen=True):
    """A newcomer who came: the coupon, and until when the first order counts."""

    referral_id: str
    programme_id: str
    state: str
    accepted_at: str
    order_until: str
    coupon: WalletCoupon


class ReferralCounts(Struct, frozen=True):
    """Newcomers by what became of them. ``waiting``: they have the coupon and have not ordered.

    ``ordered``: the reward comes once the return window has passed. ``limited``: beyond what the
    programme rewards. ``lapsed``: no first order in time. ``reversed``: it was sent back later.
    """

    waiting: int = 0
    ordered: int = 0
    rewarded: int = 0
    limited: int = 0
    lapsed: int = 0
    reversed: int = 0
    refused: int = 0


class MemberView(Struct, frozen=True):
    """A member: the code, the link, newcomers, and how many rewards are left this month."""

    customer_id: str
    programme_id: str
    code: str
    link: str | None
    joined_at: str
    newcomers: ReferralCounts
    rewards_left_this_month: int
    rewards_left: int


class GivenRewards(Struct, frozen=True):
    """Rewards that members have: how many of a type, and how much in all (of coupons: 0)."""

    type: str
    count: int
    amount: int


class SignalCount(Struct, frozen=True):
    """How many newcomers were refused by what gave them away."""

    signal: str
    count: int


class ReferralFigures(Struct, frozen=True):
    """A programme's figures; ``conversion_percent``: of those who came, how many have ordered."""

    programme_id: str
    members: int
    newcomers: ReferralCounts
    conversion_percent: float
    rewards: list[GivenRewards]
    refused_by: list[SignalCount]


class ReferralView(Struct, frozen=True):
    """A referral as operators see it."""

    id: str
    member_id: str
    newcomer_id: str
    state: str
    signal: str | None
    accepted_at: str
    redemption_id: str | None
    due_at: str | None
    reward: str | None
    amount: int | None
    rewarded_at: str | None


class ReferralList(Struct, frozen=True):
    """Referrals, newest first."""

    items: list[ReferralView]
    next_cursor: str | None = None
