"""Random shops: every figure equals what a plain walk over the same events finds, and laws hold."""

import random
from collections import defaultdict

import pytest
from tests.measure.effect_store import EffectStore, exposed, given, sale

from queqiao.kernel.clock import DAY_US, parse_rfc3339

T0 = parse_rfc3339("2026-06-01T00:00:00+08:00")
COSTS = {"A": 4_000, "B": 700, "C": None}
PRICES = {"A": 10_000, "B": 2_500, "C": 900}
NAMES = "pqr"


class Plain:
    """The events of a random shop, and what they come to, walked one by one."""

    def __init__(self, chance):
        self.chance = chance
        self.events = []
        self.uses, self.sales, self.arms, self.credits = [], {}, {}, defaultdict(int)
        for number in range(60):
            self._order(number, T0 + number * DAY_US // 12)

    def _order(self, number, at_us):
        chance, who = self.chance, f"u{self.chance.randrange(25)}"
        for name in NAMES:
            if chance.random() < 0.4 and (name, who) not in self.arms:
                arm = chance.choice(["treated", "treated", "holdback"])
                self.arms[name, who] = (arm, at_us)
                self.events.append(exposed(who, arm, at_us, name))
        if chance.random() < 0.3:
            return
        order, currency = f"o{number}", "USD" if chance.random() < 0.1 else "CNY"
        names = [one for one in NAMES if self.arms.get((one, who), ("",))[0] == "treated"]
        amounts = {name: chance.randrange(1, 300) for name in names if chance.random() < 0.8}
        self._use(order, who, at_us + 1, amounts, currency)
        if chance.random() < 0.9:
            self._sell(order, who, at_us + 2, sum(amounts.values()), currency)

    def _use(self, order, who, at_us, amounts, currency):
        for name, amount in amounts.items():
            shop = self.chance.randrange(amount + 1)
            parts = {"platform_minor": amount - shop, "shop_minor": shop, "currency": currency}
            self.events.append(given(order, who, amount, at_us, name=name, **parts))
            back = 0
            if self.chance.random() < 0.3:
                back = self.chance.randrange(amount + 1)
                shop_back = min(shop, back)
                parts |= {"platform_minor": back - shop_back, "shop_minor": shop_back, "uses": 0}
                later = at_us + 3 * DAY_US
                told = given(order, who, back, later, name=name, event="Promotion Returned")
                told["properties"] |= parts
                self.events.append(told)
            self.uses.append((name, order, who, at_us, amount, back, currency))

    def _sell(self, order, who, at_us, discount, currency):
        lines = [(sku, self.chance.randrange(1, 3)) for sku in self.chance.sample("ABC", 2)]
        items = [(sku, quantity, PRICES[sku], 0) for sku, quantity in lines]
        told = sale(order, who, at_us, *items, currency=currency, discount_minor=discount)
        for item in told["properties"]["products"]:
            del item["discount_minor"]
        self.events.append(told)
        listed = sum(PRICES[sku] * quantity for sku, quantity in lines)
        self.sales[order] = (who, at_us, listed, listed - discount, lines, currency)
        if self.chance.random() < 0.25:
            off = self.chance.randrange(1, 200)
            self.credits[order] = -off
            refund = sale(order, who, at_us + 9, event="Order Refunded", total_minor=off,
                          currency=currency)  # fmt: skip
            self.events.append(refund)

    def figures(self, name, start_us, end_us):
        """Return the figures of one promotion in CNY."""
        mine = [one for one in self.uses
                if one[0] == name and one[6] == "CNY" and start_us <= one[3] < end_us]  # fmt: skip
        sold = [self.sales[order] for _, order, *_ in mine if order in self.sales]
        firsts = {}
        for who, at_us, *_ in sorted(self.sales.values(), key=lambda one: one[1]):
            firsts.setdefault(who, at_us)
        buyers = {who for _, _, who, *_ in mine}
        new = {
            who for _, order, who, at_us, *_ in mine
            if firsts.get(who, at_us) >= (self.sales[order][1] if order in self.sales else at_us)
        }  # fmt: skip
        return {
            "orders": len(mine),
            "orders_without_sale": len(mine) - len(sold),
            "discount": sum(one[4] for one in mine),
            "discount_returned": sum(one[5] for one in mine),
            "listed": sum(one[2] for one in sold),
            "gmv": sum(one[3] for one in sold),
            "credited": sum(self.credits[order] for _, order, *_ in mine),
            "units": sum(quantity for one in sold for _, quantity in one[4]),
            "new": len(new),
            "all": len(buyers),
        }

    def side(self, name, arm, start_us, end_us):
        """Return customers, buyers, orders and revenue of one side in CNY."""
        told = {who: at for (one, who), (on, at) in self.arms.items()
                if one == name and on == arm and at < end_us}  # fmt: skip
        bought = [
            (who, paid + self.credits[order])
            for order, (who, at, _, paid, _, currency) in self.sales.items()
            if who in told and max(told[who], start_us) <= at < end_us and currency == "CNY"
        ]
        revenue = sum(amount for _, amount in bought)
        return [len(told), len({who for who, _ in bought}), len(bought), revenue]


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_those_of_a_plain_walk(tmp_path, seed):
    plain = Plain(random.Random(seed))
    store = await EffectStore(tmp_path).open()
    for name in NAMES:
        store.publish(name, {"name": name, "benefit": {"type": "fixed", "amount": 1},
                             "holdback_percent": "30"})  # fmt: skip
    store.sell(*({"sku": sku, "price_minor": PRICES[sku], "currency": "CNY"}
                 | ({} if cost is None else {"cost_minor": cost})
                 for sku, cost in COSTS.items()))  # fmt: skip
    await store.load(*plain.events)
    for start, end in (("2026-06-01", "2026-06-09"), ("2026-06-02", "2026-06-04")):
        start_us, end_us = (parse_rfc3339(f"{day}T00:00:00+08:00") for day in (start, end))
        rows = (await store.table(**{"from": start, "to": end}))["rows"]
        for row in rows:
            name, figures = row["promotion"]["id"], row["figures"]
            found = figures | figures["customers"]
            expected = plain.figures(name, start_us, end_us)
            assert {key: found[key] for key in expected} == expected, (name, start)
            _laws(figures)
        for name in NAMES:
            asked = await store.ask(name, **{"from": start, "to": end})
            assert asked["figures"] == next(
                row["figures"] for row in rows if row["promotion"]["id"] == name
            )
            sides = [plain.side(name, arm, start_us, end_us) for arm in ("treated", "holdback")]
            assert [
                [arm["customers"], arm["buyers"], arm["orders"], arm["revenue"]]
                for arm in asked["lift"]["arms"]
            ] == sides, (name, start)
            series = asked["series"]
            assert sum(one["orders"] for one in series) == asked["figures"]["orders"]
            assert sum(one["discount"] for one in series) == asked["figures"]["discount_net"]
            assert sum(one["gmv"] for one in series) == asked["figures"]["gmv"]
    await store.close()


def _laws(figures):
    """Hold what must be so whatever happened."""
    assert sum(figures["funding"].values()) == figures["discount_net"]
    assert figures["discount"] - figures["discount_returned"] == figures["discount_net"]
    assert figures["gmv"] + figures["credited"] == figures["net"]
    customers, margin = figures["customers"], figures["margin"]
    assert customers["new"] + customers["returning"] == customers["all"]
    if margin["amount"] is not None:
        assert margin["amount"] + margin["cost"] == figures["net"]
        assert margin["amount"] == margin["of_known"]
