"""What gives away that a newcomer is none, or is the member: told to operators, never to shoppers.

- ``themselves``: the customer is the member.
- ``has_ordered``: the customer has ordered before, by the shop's word or by what is known.
- ``came_before``: the customer is a newcomer of the programme already.
- ``ring``: the member, or who brought the member, was brought by the customer.
- ``same_device``: a device of a member's, or of another newcomer's.
- ``same_address``: the member's own address, or one of too many newcomers within 30 days.
- ``too_many``: more newcomers by one code in a day than the programme allows.
- ``member_gone``: the member was erased.
"""

from typing import Literal, NamedTuple

from sqlalchemy import Connection

from queqiao.decide.promotions.referrals import referral_rows
from queqiao.decide.promotions.referrals.programme import ReferralProgramme
from queqiao.decide.promotions.referrals.referral_rows import Member
from queqiao.kernel.clock import DAY_US

Signal = Literal[
    "themselves", "has_ordered", "came_before", "ring", "same_device", "same_address",
    "too_many", "member_gone",
]  # fmt: skip
ADDRESS_WINDOW_US = 30 * DAY_US
"""For how long a newcomer's address counts."""


class Newcomer(NamedTuple):
    """Who would come: ``device`` and ``address`` are digests, empty where they are not known."""

    referral_id: str
    customer_id: str
    device: str
    address: str
    has_ordered: bool


def signal_of(
    conn: Connection,
    programme: ReferralProgramme,
    member: Member | None,
    newcomer: Newcomer,
    now_us: int,
) -> Signal | None:
    """Return the first thing that speaks against a newcomer, None where nothing does."""
    if member is None or not member.customer_id:
        return "member_gone"
    if newcomer.customer_id == member.customer_id:
        return "themselves"
    if newcomer.has_ordered:
        return "has_ordered"
    if newcomer.customer_id in referral_rows.brought(conn, programme.id, member.customer_id):
        return "ring"
    return _by_place(conn, programme, member, newcomer, now_us)


def _by_place(
    conn: Connection,
    programme: ReferralProgramme,
    member: Member,
    newcomer: Newcomer,
    now_us: int,
) -> Signal | None:
    """Return what the device or the address gives away."""
    if newcomer.device and referral_rows.shares_device(
        conn, programme.id, newcomer.device, newcomer.referral_id
    ):
        return "same_device"
    is_crowded = newcomer.address and _is_crowded(conn, programme, member, newcomer, now_us)
    return "same_address" if is_crowded else None


def _is_crowded(
    conn: Connection,
    programme: ReferralProgramme,
    member: Member,
    newcomer: Newcomer,
    now_us: int,
) -> bool:
    if newcomer.address == member.address:
        return True
    since_us = now_us - ADDRESS_WINDOW_US
    others = referral_rows.at_address(
        conn, programme.id, newcomer.address, since_us, newcomer.referral_id
    )
    return others >= programme.document.newcomers_per_address
