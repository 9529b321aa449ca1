"""What a draft would do, found before it is live: each answer is a cart that was really priced."""

from decimal import Decimal
from unittest.mock import patch

from queqiao.catalog.contracts import Facts, Goods, PriceBook
from queqiao.decide.promotions.documents.benefit import (
    BuyGetBenefit,
    FixedBenefit,
    PercentBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.condition import Condition, TimeWindow
from queqiao.decide.promotions.documents.promotion import InlinePromotion
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.quoting import Shop
from queqiao.decide.promotions.rehearsal import calendar
from queqiao.decide.promotions.rehearsal import worst_cart as worst_cart_module
from queqiao.decide.promotions.rehearsal.calendar import PLANNED_MAX, compared, overlaps, planned
from queqiao.decide.promotions.rehearsal.findings import findings
from queqiao.decide.promotions.rehearsal.floor import floor_dangers
from queqiao.decide.promotions.rehearsal.lowest_price import Terms, lowest_prices
from queqiao.decide.promotions.rehearsal.moments import moments_of
from queqiao.decide.promotions.rehearsal.replay import PastLine, PastOrder, Replay
from queqiao.decide.promotions.rehearsal.rulebook import RULES_MAX, rulebook
from queqiao.decide.promotions.rehearsal.shoppers import shoppers_of
from queqiao.decide.promotions.rehearsal.thin import thin_skus
from queqiao.decide.promotions.rehearsal.trials import Trials
from queqiao.decide.promotions.rehearsal.worst_cart import worst_cart
from queqiao.decide.promotions.snapshot import compile_snapshot
from queqiao.kernel.clock import DAY_US, HOUR_US, parse_rfc3339

NOW_US = parse_rfc3339("2026-06-18T00:00:00+08:00")
TERMS = Terms(NOW_US, NOW_US + 7 * DAY_US)
BOOK = PriceBook(
    [
        Goods("TEA", 10_000, "CNY", facts=Facts(("tea",))),
        Goods("POT", 30_000, "CNY", facts=Facts(("tea",))),
        Goods("CUP", 2_000, "CNY", minimum_price_minor=1_900, facts=Facts(("cup",))),
    ]
)
COSTS = {"TEA": 8_500, "POT": 12_000, "CUP": 500}
SHOP = Shop(compile_snapshot([], [], b"the key of the rehearsals"), BOOK)


def rule(name, benefit, **fields):
    return InlinePromotion(
        name=name, id=name, benefit=benefit, holdback_percent=Decimal(0), **fields
    )


def rules(*drafts, live=()):
    return rulebook({one.id: one for one in live}, drafts, SHOP, COSTS)


def lowest(sku, *drafts, terms=TERMS):
    (found,), complete = lowest_prices(rules(*drafts), (sku,), terms)
    assert complete
    return found


def test_without_rules_the_lowest_price_is_the_price():
    assert lowest("TEA").price_minor == 10_000


def test_a_threshold_is_reached_with_what_costs_least_beside_it():
    off = ThresholdBenefit(tiers=(Tier(12_000, 6_000),))
    found = lowest("TEA", rule("off", off))
    assert found.trial.cart == (("CUP", 1), ("TEA", 1))
    assert found.price_minor == 4_100  # the cup gives 1.00 down to its minimum, the tea the rest


def test_what_is_given_away_costs_nothing_beside_something_dearer():
    found = lowest("TEA", rule("free", BuyGetBenefit(buy=1, get=1)))
    assert found.price_minor == 0
    assert found.trial.cart == (("POT", 1), ("TEA", 1))


def test_rules_that_stack_are_found_together_with_the_shopper_who_has_both():
    found = lowest(
        "TEA",
        rule("web", PercentBenefit(Decimal(10)), condition=Condition(channels_any=("web",))),
        rule("app", PercentBenefit(Decimal(20)), condition=Condition(channels_any=("app",))),
        rule("gold", FixedBenefit(1_000), condition=Condition(segments_any=("gold",))),
    )
    assert found.trial.shopper.way.channel == "app"
    assert {one.promotion_id for one in found.trial.quote.applied} == {"app", "gold"}


def test_the_hour_of_a_window_is_looked_at():
    evening = Condition(windows=(TimeWindow(from_time="20:00", until_time="22:00"),))
    found = lowest("TEA", rule("night", PercentBenefit(Decimal(50)), condition=evening))
    assert found.price_minor == 5_000
    assert (found.trial.at_us - NOW_US) % DAY_US == 20 * HOUR_US


def test_a_rule_of_next_week_counts_only_when_next_week_is_asked_about():
    soon = rule("soon", PercentBenefit(Decimal(50)), starts_at="2026-06-27T00:00:00+08:00")
    assert lowest("TEA", soon).price_minor == 10_000
    later = TERMS._replace(until_us=NOW_US + 14 * DAY_US)
    assert lowest("TEA", soon, terms=later).price_minor == 5_000


def test_work_that_is_not_enough_is_said():
    _, complete = lowest_prices(rules(rule("p", PercentBenefit(Decimal(10)))), ("TEA",), TERMS, 1)
    assert not complete


def test_the_worst_cart_is_the_one_that_loses_most():
    found = worst_cart(
        rules(rule("tea", FixedBenefit(5_000, level="unit"), scope=Scope(skus=("TEA",)))), TERMS
    )
    assert found is not None
    assert found.trial.cart == (("TEA", 20),)
    totals = found.trial.quote.totals
    assert totals.items - totals.discount - found.cost_minor == 20 * (5_000 - 8_500)


def test_the_worst_cart_by_share_holds_only_what_is_given():
    found = worst_cart(
        rules(rule("pot", PercentBenefit(Decimal(60)), scope=Scope(skus=("POT",)))),
        TERMS,
        "discount_rate",
    )
    assert {sku for sku, _ in found.trial.cart} == {"POT"}


def test_findings_name_what_is_wrong_with_a_rule():
    alone = {"scope": Scope(skus=("TEA",)), "exclusive": True}
    never = Condition(quantity_at_most=1, subtotal_at_least=50_000)
    found = {
        one.promotion_id: one
        for one in findings(
            rules(
                rule("past", FixedBenefit(1), ends_at="2026-01-01T00:00:00+08:00"),
                rule("nothing", FixedBenefit(1), scope=Scope(brands=("unknown",))),
                rule("contradicts", FixedBenefit(1), condition=never),
                rule("cheap", PercentBenefit(Decimal(40)), **alone, priority=9),
                rule("displaced", PercentBenefit(Decimal(1)), **alone),
            ),
            TERMS,
        )
    }  # fmt: skip
    assert {name: one.code for name, one in found.items()} == {
        "past": "over",
        "nothing": "no_goods",
        "contradicts": "never_gives",
        "cheap": "below_cost",
        "displaced": "never_beside_others",
    }
    assert found["displaced"].others == ("cheap",)
    assert (found["cheap"].sku, found["cheap"].price_minor, found["cheap"].cost_minor) == (
        "TEA",
        6_000,
        8_500,
    )


def test_a_good_rule_has_no_finding():
    assert not list(findings(rules(rule("good", PercentBenefit(Decimal(5)))), TERMS))


def _june(day):
    return f"2026-06-{day:02}T00:00:00+08:00"


def test_the_calendar_draws_overlaps_and_prices_what_they_share():
    ten = PercentBenefit(Decimal(10))
    stored = [
        ("a", rule("a", ten, starts_at=_june(1), ends_at=_june(20)), "live"),
        ("b", rule("b", ten, starts_at=_june(19), scope=Scope(categories=("tea",))), "draft"),
        ("c", rule("c", ten, starts_at="2026-07-19T00:00:00+08:00"), "draft"),
    ]
    plan = planned(stored, TERMS.from_us, TERMS.until_us)
    assert [one.id for one in plan] == ["a", "b"]
    (found,) = overlaps(
        plan, rules(*(one.document for one in plan)), TERMS.from_us, TERMS.until_us, "CNY"
    )
    assert (found.shared_skus, found.stacks) == (2, True)
    assert found.lowest.goods.sku == "TEA"
    assert found.lowest.price_minor == 8_100
    assert found.conflict  # the tea costs 85


def test_thin_margins_come_first():
    assert thin_skus(rules(rule("p", PercentBenefit(Decimal(5)))), "CNY") == ["TEA", "POT", "CUP"]


def test_last_weeks_orders_are_priced_again():
    live = rule("live", FixedBenefit(1_000))
    draft = rule("draft", PercentBenefit(Decimal(10)), scope=Scope(skus=("TEA",)))
    replay = Replay(rules(live).shop, rules(draft, live=(live,)), None, lambda _order: NOW_US)
    replay.take(
        [
            PastOrder("o1", "u1", (), "web", NOW_US, "CNY", (PastLine("TEA", 2, 20_000),), 19_000),
            PastOrder("o2", "u1", (), None, NOW_US, "CNY", (PastLine("CUP", 1, 2_000),), 2_000),
        ]
    )
    found = replay.result
    assert (found.then.paid, found.live.paid, found.draft.paid) == (21_000, 20_900, 18_900)
    assert (found.touched.orders, found.touched.customers) == (1, 1)
    assert found.live.margin - found.draft.margin == found.live.paid - found.draft.paid
    assert [one.order_id for one in found.examples] == ["o1"]
    assert found.margin_known_share == 1.0


def test_shoppers_differ_in_what_rules_tell_apart():
    one = rule(
        "p",
        FixedBenefit(1),
        condition=Condition(channels_any=("web", "app"), segments_none=("vip",)),
    )
    found = shoppers_of([one])
    assert [shopper.way.channel for shopper in found] == ["app", "app", "web"]
    assert len(moments_of([one], NOW_US, NOW_US + DAY_US)) == 1


def test_a_draft_below_the_floor_is_a_danger_and_names_its_goods():
    half = rule("half", PercentBenefit(Decimal(50)), scope=Scope(skus=("TEA", "POT")))
    (danger,) = floor_dangers(rules(half), TERMS, 100)
    assert danger.path == "benefit"
    assert "TEA" in danger.message.en
    assert "POT" not in danger.message.en  # it costs 120 and still sells at 150
    assert not floor_dangers(rules(half), TERMS, 50)


def test_a_search_ends_with_its_work():
    many = [rule(f"r{n}", FixedBenefit(100 + n)) for n in range(40)]
    priced = []

    class Counting(Trials):
        def price(self, cart, shopper, at_us):
            priced.append(cart)
            return super().price(cart, shopper, at_us)

    with patch.object(worst_cart_module, "Trials", Counting):
        found = worst_cart(rules(*many), TERMS, quotes_max=10)
    assert found is not None
    assert not found.complete
    assert len(priced) < 40


def test_a_question_looks_at_so_many_rules_and_drafts_come_first():
    live = [rule(f"a{n:03}", FixedBenefit(1)) for n in range(RULES_MAX)]
    looked_at = rules(rule("z", FixedBenefit(2)), live=live).looked_at()
    assert len(looked_at) == RULES_MAX
    assert next(iter(looked_at)) == "z"


def test_equal_goods_make_their_pairs_once():
    book = PriceBook(Goods(f"S{n}", 1_000 + n, "CNY") for n in range(3_000))
    shop = Shop(SHOP.promotions, book)
    stored = [(f"p{n}", rule(f"p{n}", FixedBenefit(1)), "live") for n in range(60)]
    plan = planned(stored, TERMS.from_us, TERMS.until_us)
    every = rulebook({}, [one.document for one in plan], shop, {})
    with patch.object(calendar, "PRICED_MAX", 0):
        found = overlaps(plan, every, TERMS.from_us, TERMS.until_us, "CNY")
    assert found[0].shared_skus == 3_000


def test_what_begins_or_ends_within_the_time_is_held_against_the_others_first():
    """A shop of hundreds that always run still sees what tomorrow's promotion meets."""
    ten = FixedBenefit(1)
    always = [(f"a{n:03}", rule(f"a{n:03}", ten), "live") for n in range(PLANNED_MAX)]
    soon = ("z", rule("z", ten, starts_at=_june(19)), "draft")
    plan = planned([*always, soon], TERMS.from_us, TERMS.until_us)
    looked_at = compared(plan, TERMS.from_us, TERMS.until_us)
    assert (looked_at[0].id, len(looked_at)) == ("z", PLANNED_MAX)
