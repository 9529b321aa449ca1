"""What referrals tell the event log: each step once. They are joined by ``referral_id``.

An event is of the newcomer, or, of a reward, of the member; it never names the other.
"""

from typing import Literal

from queqiao.decide.promotions.referrals.referral_rows import Referral
from queqiao.kernel.vocabulary import ReferralStep
from queqiao.ports.event_log.base import NewEvent
from queqiao.ports.event_log.own import own_event

Step = Literal["Accepted", "Refused", "Ordered", "Rewarded", "Reversed"]


def of_step(step: Step, referral: Referral, customer_id: str, now_us: int) -> NewEvent:
    """Return the event of a step; one of somebody erased names nobody."""
    told = ReferralStep(
        programme_id=referral.programme_id,
        referral_id=referral.id,
        signal=referral.signal or None,
        redemption_id=referral.redemption_id or None,
        reward=referral.reward_type or None,
        amount=referral.reward_amount if referral.reward_type not in {"", "coupon"} else None,
    )
    # A referral can be ordered and refused several times; its order and signal tell them apart.
    what = f"{referral.id}-{referral.redemption_id}-{referral.signal}"
    message_id = f"referral-{step.lower()}-{what}"
    return own_event(
        message_id,
        f"Referral {step}",
        told,
        now_us,
        user_id=customer_id or None,
        anonymous_id=None if customer_id else f"referral-{referral.id}",
    )
