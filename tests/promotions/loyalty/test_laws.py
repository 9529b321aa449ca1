"""Laws of points under any order of verbs, and the oldest used first, against a plain model."""

from random import Random

import pytest
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.loyalty.programme import Programme
from queqiao.kernel.clock import DAY_US
from queqiao.kernel.errors import Conflict, Gone, InvalidInput, Refused


class Lots:
    """Lots of points, used one by one from the one that expires first."""

    def __init__(self, programme: Programme):
        self.programme = programme
        self.lots = []

    def earn(self, points, now_us, available_us):
        self.lots.append([self.programme.expires_us(now_us), available_us, points])

    def usable(self, now_us):
        return [lot for lot in sorted(self.lots) if lot[1] <= now_us < lot[0]]

    def has(self, now_us):
        return sum(points for _, _, points in self.usable(now_us))

    def use(self, points, now_us):
        for lot in self.usable(now_us):
            lot_index = self.lots.index(lot)
            part = min(points, lot[2])
            self.lots[lot_index][2] -= part
            points -= part
        assert not points


@pytest.mark.parametrize("seed", range(2))
async def test_the_oldest_are_used_first_as_in_a_model_of_single_lots(till, seed):
    random = Random(seed)
    till.start(expires="months", expires_after=1)
    model, now_us = Lots(till.programme), NOW_US
    for step in range(40):
        now_us += random.randrange(0, 9 * DAY_US)
        has = model.has(now_us)
        match random.randrange(4):
            case 0:
                quantity = random.randrange(1, 9)
                await till.buy(f"o{step}", quantity, now_us=now_us)
                model.earn(10 * quantity, now_us, till.programme.available_us(now_us))
            case 1:
                points = random.randrange(1, 60)
                await till.adjust(points, f"r{step}", now_us)
                model.earn(points, now_us, now_us)
            case 2 if has:
                points = random.randrange(1, min(has, 50) + 1)
                order = await till.buy(f"o{step}", 1, points=points, now_us=now_us)
                assert order["quote"]["points"] == {
                    "earned": 0,
                    "used": points,
                    "worth": 100 * points,
                }
                model.use(points, now_us)
            case _:
                points = random.randrange(1, 60)
                try:
                    await till.adjust(-points, f"r{step}", now_us)
                except Refused:
                    assert points > has
                else:
                    model.use(points, now_us)
        shown = await till.points(now_us=now_us)
        assert shown["balance"] == model.has(now_us), step
        assert sum(one["points"] for one in shown["expiring"]) == shown["balance"]


@pytest.mark.parametrize("seed", range(2))
async def test_movements_add_up_whatever_is_done_in_whatever_order(till, seed):
    random = Random(seed)
    till.start(
        available_after_days=2,
        expires="months",
        expires_after=1,
        taken_back="cash" if seed else "debt",
    )
    now_us, orders = NOW_US, []
    for step in range(40):
        now_us += random.randrange(0, 4 * DAY_US)
        customer = f"u{random.randrange(2)}"
        shown = await till.points(customer, now_us)
        try:
            match random.randrange(5):
                case 0 | 1:
                    points = random.choice((0, random.randrange(shown["balance"] + 2)))
                    quantity, commit = random.randrange(1, 9), random.random() < 0.8
                    order = await till.buy(
                        f"o{step}", quantity, points, now_us, customer=customer, commit=commit
                    )
                    orders.append((order, commit))
                case 2 if orders:
                    order, _ = random.choice(orders)
                    items = [{"line": "1", "quantity": 1}]
                    await till.refund(order, f"r{step}", now_us, items=items)
                case 3 if orders:
                    order, paid = random.choice(orders)
                    verb = "return" if paid else random.choice(("release", "commit"))
                    body = {"request_id": "all"} if paid else None
                    await till.redemption("POST", verb, body, order["id"], now_us)
                case _:
                    await till.adjust(random.randrange(-40, 80) or 1, f"a{step}", now_us, customer)
        except (Conflict, Gone, InvalidInput, Refused):
            pass  # it cannot be done now; nothing may have moved
        proof = await till.proof(now_us)
        assert proof["agrees"], (step, proof)
        for name in ("u0", "u1"):
            shown = await till.points(name, now_us)
            assert min(shown["balance"], shown["held"], shown["pending"], shown["owed"]) >= 0
            assert not (shown["balance"] and shown["owed"])
