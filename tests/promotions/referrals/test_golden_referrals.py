"""Golden referrals: each case is a course of steps, and what members and newcomers have then."""

import json
from pathlib import Path

import pytest
from tests.promotions.loyalty.points_till import WALLET
from tests.promotions.till import NOW_US

from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Refused

FOLDER = Path(__file__).parents[2] / "cases/referrals"
CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted(FOLDER.glob("*.json"))
    for case in json.loads(path.read_text())
]


class Course:
    """Does the steps of a case, one after the other; ``day`` moves its clock."""

    def __init__(self, till):
        self.till, self.now_us = till, NOW_US
        self.codes, self.orders, self.found = {}, {}, []

    async def code(self, customer, **said):
        shown = await self.till.code(customer, self.now_us, **said)
        self.codes[customer] = shown["code"]

    async def accept(self, of, customer, **said):
        code = self.codes.get(of, of)
        try:
            await self.till.accept(code, customer, self.now_us, **said)
        except Refused as refused:
            self.found.append(refused.reason)
        else:
            self.found.append("accepted")

    async def order(self, customer, order, quantity=1, **said):
        self.orders[order] = await self.till.buy(
            order, quantity, now_us=self.now_us, customer=customer, **said
        )

    async def pay(self, order):
        name = self.orders[order]["id"]
        await self.till.redemption("POST", "commit", name=name, now_us=self.now_us)

    async def refund(self, order, request="r", **said):
        await self.till.refund(self.orders[order], request, self.now_us, **said)

    async def cancel(self, order):
        name = self.orders[order]["id"]
        body = {"request_id": "cancel"}
        await self.till.redemption("POST", "return", body, name=name, now_us=self.now_us)

    async def day(self, after):
        self.now_us = NOW_US + after * DAY_US
        await self.till.rewarding.run(self.now_us)

    async def spend(self, customer, order, points):
        """Use points by a gift taken back: an operator's adjustment stands for an order."""
        await self.till.adjust(-points, order, self.now_us, customer)

    async def view(self, names):
        """Return what was asked for: answers, balances, newcomers, coupons."""
        till, now_us = self.till, self.now_us
        found = {"accepts": self.found}
        for name in names:
            what, _, who = name.partition(" ")
            if what == "points":
                found[name] = list(await till.has(who, now_us))
            if what == "credit":
                found[name] = list(await till.has_credit(who, now_us))
            if what == "newcomers":
                found[name] = await till.newcomers(who)
            if what == "coupons":
                found[name] = [list(one) for one in await till.wallet(who, now_us)]
            if what == "signals":
                refused = (await till.figures())["refused_by"]
                found[name] = {one["signal"]: one["count"] for one in refused}
        return found


@pytest.mark.parametrize("case", CASES)
async def test_golden(till, case):
    till.begin(**case.get("programme", {}))
    course = Course(till)
    for step in case["steps"]:
        said = dict(step)
        await getattr(course, said.pop("do"))(**said)
    expected = case["expected"]
    found = await course.view(expected)
    assert {name: found[name] for name in expected} == expected


def test_there_are_enough_cases():
    assert len(CASES) >= 25
    assert WALLET
