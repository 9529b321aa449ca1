"""From the records to the referral programme that is live."""

from sqlalchemy import Connection

from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.decide.promotions.referrals.programme import ReferralProgramme
from queqiao.kernel.clock import DEFAULT_ZONE
from queqiao.kernel.errors import NotFound
from queqiao.ports.records import documents

CHANGES = (REFERRAL_PROGRAMME.name,)
"""The kinds of the change feed upon which it is read anew."""


def load(conn: Connection, zone: str = DEFAULT_ZONE) -> ReferralProgramme | None:
    """Return the live programme, None without one."""
    for stored in documents.live(conn, REFERRAL_PROGRAMME):
        return ReferralProgramme(stored.id, stored.document, zone)
    return None


def programme(conn: Connection, name: str, zone: str = DEFAULT_ZONE) -> ReferralProgramme | None:
    """Return a programme as it is, live or not; None when it was never stored."""
    try:
        stored = documents.get(conn, REFERRAL_PROGRAMME, name)
    except NotFound:
        return None
    return ReferralProgramme(name, stored.document, zone)
