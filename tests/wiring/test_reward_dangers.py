"""A referral programme gives what its reward says: more than one's own day needs another person."""

from pathlib import Path

import pytest
from tests.wiring.test_floor import EDIT, records  # noqa: F401

from queqiao.decide.promotions.documents.referral_programme import (
    CouponReward,
    CreditReward,
    PointsReward,
    ReferralProgrammeDocument,
)
from queqiao.decide.promotions.referrals.contracts import REFERRAL_PROGRAMME
from queqiao.operate.going_live import dangers
from queqiao.ports.records import documents
from queqiao.wiring import adapters, kinds
from queqiao.wiring.settings import PromotionSettings, Settings


@pytest.mark.parametrize(
    ("reward", "path"),
    [
        (PointsReward(2_000), None),
        (PointsReward(2_001), "reward.points"),
        (CreditReward(1_000), None),
        (CreditReward(1_001), "reward.amount"),
        (CouponReward("thanks"), None),
    ],
)
def test_a_reward_above_ones_own_day_needs_a_second_person(records, tmp_path: Path, reward, path):  # noqa: F811
    said = PromotionSettings(points_daily_per_operator=2_000, credit_daily_minor_per_operator=1_000)
    settings = Settings(home=tmp_path, promotions=said)
    handling = kinds.handlings(adapters.keyring(settings), settings)[REFERRAL_PROGRAMME.name]
    document = ReferralProgrammeDocument("friends", "hello", reward)

    def found(conn):
        stored = documents.create(conn, REFERRAL_PROGRAMME, "friends", document, EDIT)
        return [one.path for one in dangers(conn, stored, handling)]

    assert records.write_now(found) == ([] if path is None else [path])
