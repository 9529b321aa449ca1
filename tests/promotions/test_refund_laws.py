"""The laws of refunds: what holds for every order, every way of returning it, every policy."""

from collections import Counter

import hypothesis.strategies as st
from hypothesis import assume, given, settings
from msgspec.structs import replace
from tests.promotions.orders import by_card_and_bank, order_of, returned
from tests.promotions.strategies import questions

from queqiao.decide.promotions.refunds.policy import RefundPolicy
from queqiao.decide.promotions.refunds.refund_types import ReturnedGift, ReturnedItem

POLICIES = st.builds(
    RefundPolicy,
    discounts=st.sampled_from(["keep", "claw_back"]),
    shipping=st.sampled_from(["on_full_return", "proportional", "never"]),
    coupons=st.sampled_from(["on_full_return", "when_unused", "never"]),
    gifts=st.sampled_from(["send_back", "charge", "keep"]),
    points=st.sampled_from(["return", "forfeit"]),
    restocking_fee=st.sampled_from([0, 0, 5, 1_000]),
    restocking_fee_percent=st.sampled_from([0, 0, 15, 100]),
    payments=st.sampled_from(["proportional", "cards_first", "cards_last"]),
)


@st.composite
def returns(draw, *, whole=True):
    """An order that was paid, and its units in any order, in any number of parts."""
    question = draw(questions().filter(lambda asked: asked.cart.lines))
    order = order_of(question)
    order = order_of(question, by_card_and_bank(order.quote.totals.total))
    units = [(line.id, place) for line in order.quote.lines for place in range(line.quantity)]
    units = draw(st.permutations(units))
    if not whole:
        units = units[: draw(st.integers(0, len(units) - 1))]
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(units) - 1)), max_size=3)))
    parts = [units[a:b] for a, b in zip([0, *cuts], [*cuts, len(units)], strict=True)]
    return order, [part for part in parts if part]


def steps(order, parts, policy, *, gifts_too=True):
    asked = []
    for part in parts:
        lines = dict.fromkeys(line for line, _ in part)
        items = tuple(
            ReturnedItem(line, tuple(place for name, place in part if name == line))
            for line in lines
        )
        asked.append({"items": items, "policy": policy})
    if asked and gifts_too and order.quote.gifts:
        given = {}
        for gift in order.quote.gifts:
            given[gift.sku] = given.get(gift.sku, 0) + gift.quantity
        asked[-1]["gifts"] = tuple(ReturnedGift(sku, n) for sku, n in given.items())
    return asked


@given(returns(), POLICIES)
@settings(max_examples=80, deadline=None)
def test_any_way_of_returning_all_sums_to_what_was_paid(asked, policy):
    order, parts = asked
    memos = returned(order, steps(order, parts, policy))
    totals, quote = [memo.totals for memo in memos], order.quote
    goods = sum(part.items - part.claw_back for part in totals)
    shipping = sum(part.shipping for part in totals)
    fees = sum(part.restocking_fee for part in totals)
    on_top = 0 if quote.totals.total == untaxed(quote) else quote.shipping.tax
    delivery = quote.shipping.total + on_top
    assert goods == quote.totals.total - delivery
    assert shipping == (0 if policy.shipping == "never" else delivery)
    assert sum(part.total for part in totals) == goods + shipping - fees
    assert memos[-1].complete
    assert not any(memo.complete for memo in memos[:-1])


def untaxed(quote):
    totals = quote.totals
    return totals.items - totals.discount + totals.shipping - totals.shipping_discount


@given(returns(whole=False), POLICIES)
@settings(max_examples=80, deadline=None)
def test_no_refund_is_negative_and_together_they_are_at_most_what_was_paid(asked, policy):
    order, parts = asked
    memos = returned(order, steps(order, parts, policy, gifts_too=False))
    for memo in memos:
        assert memo.totals.total >= 0
        assert memo.totals.tax >= memo.totals.shipping_tax >= 0
        assert memo.totals.restocking_fee >= 0
        assert min(memo.points.returned, memo.points.taken_back, memo.cashback_taken_back) >= 0
    assert sum(memo.totals.total for memo in memos) <= order.quote.totals.total
    assert sum(memo.points.returned for memo in memos) <= order.quote.points.used
    assert sum(memo.points.taken_back for memo in memos) <= order.quote.points.earned
    assert sum(memo.cashback_taken_back for memo in memos) <= order.quote.cashback


@given(returns(), POLICIES)
@settings(max_examples=80, deadline=None)
def test_memos_add_up_from_units_to_totals_and_means_of_payment(asked, policy):
    order, parts = asked
    for memo in returned(order, steps(order, parts, policy)):
        totals = memo.totals
        for line in memo.lines:
            for name in ("paid", "tax", "claw_back", "fee", "refund"):
                assert sum(getattr(unit, name) for unit in line.units) == getattr(line, name)
            assert len(line.units) == line.quantity
            for unit in line.units:
                assert unit.refund == unit.paid - unit.claw_back - unit.fee >= 0
        assert sum(line.paid for line in memo.lines) == totals.items
        assert sum(line.claw_back for line in memo.lines) == totals.claw_back
        assert sum(line.fee for line in memo.lines) == totals.restocking_fee
        assert sum(line.refund for line in memo.lines) + totals.shipping == totals.total
        assert sum(payment.amount for payment in memo.payments) == totals.total


@given(returns(), POLICIES)
@settings(max_examples=60, deadline=None)
def test_a_full_return_gives_back_all_points_codes_and_budgets_once(asked, policy):
    order, parts = asked
    memos, quote = returned(order, steps(order, parts, policy)), order.quote
    used = quote.points.used if policy.points == "return" else 0
    assert sum(memo.points.returned for memo in memos) == used
    assert sum(memo.points.taken_back for memo in memos) == quote.points.earned
    assert sum(memo.cashback_taken_back for memo in memos) == quote.cashback
    for item in quote.applied:
        back = [p for memo in memos for p in memo.promotions if p.promotion_id == item.promotion_id]
        assert sum(promotion.amount for promotion in back) == item.amount + item.value
        assert sum(promotion.use for promotion in back) == (policy.coupons != "never")
    codes = {item.code for item in quote.applied if item.code is not None}
    freed = [c.code for memo in memos for c in memo.coupons if c.returned]
    assert set(freed) == (codes if policy.coupons != "never" else set())
    for means in order.payments:
        back = [p.amount for memo in memos for p in memo.payments if p.method == means.method]
        assert sum(back) <= means.amount


@given(returns(whole=False), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_kept_discounts_make_every_way_to_the_same_units_the_same(asked, random):
    order, parts = asked
    policy = RefundPolicy(shipping="proportional")
    units = [unit for part in parts for unit in part]
    random.shuffle(units)
    one = returned(order, steps(order, [units] if units else [], policy, gifts_too=False))
    several = returned(order, steps(order, parts, policy, gifts_too=False))
    assert summed(one) == summed(several)


def summed(memos):
    totals = [memo.totals for memo in memos]
    promotions = {}
    for memo in memos:
        for item in memo.promotions:
            promotions[item.promotion_id] = promotions.get(item.promotion_id, 0) + item.amount
    return (
        sum(part.total for part in totals),
        sum(part.tax for part in totals),
        sum(part.shipping for part in totals),
        sum(memo.points.returned for memo in memos),
        sum(memo.points.taken_back for memo in memos),
        sum(memo.cashback_taken_back for memo in memos),
        {name: amount for name, amount in promotions.items() if amount},
    )


@given(returns(whole=False))
@settings(max_examples=60, deadline=None)
def test_clawing_back_leaves_no_windfall(asked):
    """Who returns a part has paid at least what the rest costs by itself."""
    order, parts = asked
    units = [unit for part in parts for unit in part]
    assume(units)
    policy = RefundPolicy(discounts="claw_back", shipping="never", gifts="keep")
    (memo,) = returned(order, steps(order, [units], policy, gifts_too=False))
    paid = order.quote.totals.total
    assert paid - memo.totals.total >= min(cost_of_the_rest(order, units), paid)


@given(returns(whole=False))
@settings(max_examples=80, deadline=None)
def test_goods_are_refunded_at_most_at_their_list_price_and_at_most_as_paid(asked):
    order, parts = asked
    units = [unit for part in parts for unit in part]
    assume(units)
    policy = RefundPolicy(discounts="claw_back", shipping="never", gifts="keep")
    (memo,) = returned(order, steps(order, [units], policy, gifts_too=False))
    prices = {line.id: line.unit_price for line in order.quote.lines}
    assert memo.totals.total - memo.totals.tax <= sum(prices[line] for line, _ in units)
    assert memo.totals.total <= order.quote.totals.total


def cost_of_the_rest(order, units):
    """Ask for the price of what is kept as a cart of its own, with the order's promotions alone."""
    question, gone = order.question, Counter(line for line, _ in units)
    lines = tuple(
        replace(line, id=quoted.id, quantity=quoted.quantity - gone[quoted.id])
        for line, quoted in zip(question.cart.lines, order.quote.lines, strict=True)
        if quoted.quantity > gone[quoted.id]
    )
    cart = replace(question.cart, lines=lines, points=order.quote.points.used)
    used = {item.promotion_id for item in order.quote.applied}
    promotions = tuple(item for item in question.promotions if item.id in used)
    return order_of(replace(question, cart=cart, promotions=promotions)).quote.totals.total
