"""What must hold before a referral programme goes live, beyond its own check."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from queqiao.decide.promotions.contracts import COUPON_BATCH
from queqiao.decide.promotions.documents.referral_programme import (
    CouponReward,
    CreditReward,
    PointsReward,
    ReferralProgrammeDocument,
)
from queqiao.decide.promotions.loyalty.hot_state import load
from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.kernel.errors import FieldError, InvalidInput, Message, NotFound
from queqiao.ports.records import documents
from queqiao.ports.records.documents import Stored

_NOT_PERSONAL = Message(
    "须为已生效的专属券批次", "must be a live batch of personal coupons; publish one first"
)
_NO_POINTS = Message("没有生效的积分计划，请先发布", "no points programme is live; publish one")
_NO_CREDIT = Message("没有生效的余额计划，请先发布", "no programme of money is live; publish one")


class OnesOwn(NamedTuple):
    """What one person may give in a day: ``points``, and ``money`` in minor units."""

    points: int
    money: int

    def dangers(self, stored: Stored, _conn: Connection) -> list[FieldError]:
        """Return a danger where a single reward is more: it would be given without another."""
        match stored.document.reward:
            case PointsReward(points) if points > self.points:
                return [_too_much("reward.points", points, self.points)]
            case CreditReward(amount) if amount > self.money:
                return [_too_much("reward.amount", amount, self.money)]
        return []


def _too_much(path: str, gives: int, most: int) -> FieldError:
    message = Message(
        f"一次奖励 {gives}，超过每人每天可发的 {most}，请降到 {most} 以内或申请批准",
        f"a reward of {gives} is more than the {most} that one person gives in a day: give at most"
        f" {most}, or have it approved",
    )
    return FieldError(path, message)


def check_live_referral_programme(stored: Stored, conn: Connection) -> None:
    """Raise InvalidInput for what it gives and that is not there, and where another one is live."""
    if stored.state != "live":
        return
    errors = list(_missing(stored.document, conn))
    if errors:
        raise InvalidInput(*errors)
    for other in documents.live(conn, REFERRAL_PROGRAMME):
        if other.id != stored.id:
            message = Message(
                f"邀请计划 {other.id} 已生效，请先暂停它", f"{other.id} is live; pause it first"
            )
            raise InvalidInput(FieldError("name", message))


def _missing(document: ReferralProgrammeDocument, conn: Connection) -> Iterator[FieldError]:
    if not _is_personal(conn, document.newcomer_batch):
        yield FieldError("newcomer_batch", _NOT_PERSONAL)
    match document.reward:
        case CouponReward(batch):
            if not _is_personal(conn, batch):
                yield FieldError("reward.batch", _NOT_PERSONAL)
        case PointsReward():
            if load(conn) is None:
                yield FieldError("reward.type", _NO_POINTS)
        case CreditReward():
            if load(conn, holds="money") is None:
                yield FieldError("reward.type", _NO_CREDIT)


def _is_personal(conn: Connection, batch_id: str) -> bool:
    try:
        stored = documents.get(conn, COUPON_BATCH, batch_id)
    except NotFound:
        return False
    return stored.state == "live" and stored.document.personal is not None
