"""Quotes while the ledger is away: answered in time without points, and orders are refused."""

import asyncio

import pytest
from tests.promotions.loyalty.points_till import PAY, tier_price

from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.points_programme import MemberTier
from queqiao.kernel.errors import Message, Unavailable

ANSWERED_WITHIN_S = 1.0
RULES = {"pay": PAY, "gold": tier_price("金卡", PercentBenefit(10))}


async def refuse(_names):
    """The ledger says that it is away."""
    raise Unavailable(Message("", ""))


async def hang(_names):
    """The ledger says nothing at all."""
    await asyncio.sleep(60)


@pytest.mark.parametrize("away", [refuse, hang])
async def test_a_quote_does_not_wait_for_the_ledger(till, monkeypatch, away):
    till.start(promotions=RULES, tiers=(MemberTier("金卡", 10),))
    await till.adjust(40)
    assert (await till.quote(1, 30))["points"]["used"] == 30
    with monkeypatch.context() as patched:
        patched.setattr(till.ledger, "balances", away)
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            answer = await till.quote(1, 30)
    assert answer["points"]["used"] == 0
    assert answer["totals"]["total"] == 10_000
    assert (await till.quote(1, 30))["points"]["used"] == 30


async def test_an_order_with_points_is_refused_meanwhile(till, monkeypatch):
    till.start()
    await till.adjust(40)
    with monkeypatch.context() as patched:
        patched.setattr(till.ledger, "balances", refuse)
        with pytest.raises(Unavailable):
            await till.buy("o1", 1, points=30)
    assert (await till.buy("o1", 1, points=30))["quote"]["points"]["used"] == 30
