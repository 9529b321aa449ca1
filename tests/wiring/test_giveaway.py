"""What nearly gives goods away without a bound needs a second person, whatever its benefit."""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.wiring.test_floor import EDIT, checked, records  # noqa: F401

from queqiao.catalog.product import Product, Sku
from queqiao.catalog.products import upsert
from queqiao.decide.promotions.contracts import COUPON_BATCH, PROMOTION, PromotionDocument
from queqiao.decide.promotions.documents.benefit import (
    BundleBenefit,
    BundleItem,
    BuyGetBenefit,
    CashbackBenefit,
    FixedBenefit,
    FixedPriceBenefit,
    Gift,
    GiftBenefit,
    NthUnitBenefit,
    PercentBenefit,
    Pick,
    PointsBenefit,
    PriceListBenefit,
    ThresholdBenefit,
    Tier,
)
from queqiao.decide.promotions.documents.condition import Condition
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.documents.points_programme import (
    PointsProgrammeDocument,
    PointsWorth,
)
from queqiao.decide.promotions.documents.promotion import Limits
from queqiao.decide.promotions.documents.scope import Scope
from queqiao.decide.promotions.loyalty.contracts import POINTS_PROGRAMME
from queqiao.kernel.errors import Refused
from queqiao.ports.records import documents

CUP = Product("CUP", "Cup", (Sku("CUP-1", 900, "CNY"),))
GIVEN_AWAY = {
    "fixed": FixedBenefit(900),
    "fixed on each unit": FixedBenefit(9_500, level="unit"),
    "price": FixedPriceBenefit(1),
    "price list": PriceListBenefit({"TEA-1": 10}),
    "tier": ThresholdBenefit((Tier(10_000, discount=9_500),)),
    "tier of units": ThresholdBenefit((Tier(3, percent=Decimal(95)),), measure="quantity"),
    "picked": PercentBenefit(Decimal(100), pick=Pick("cheapest")),
    "units": NthUnitBenefit((Decimal(90), Decimal(95))),
    "bundle": BundleBenefit((BundleItem(quantity=3),), price=2),
    "gift": GiftBenefit((Gift("TEA-1", 10),)),
    "cashback": CashbackBenefit(percent=Decimal(95)),
}
HARMLESS = {
    "fixed": FixedBenefit(500),
    "price": FixedPriceBenefit(5_000),
    "tier": ThresholdBenefit((Tier(10_000, discount=1_000),)),
    "one of two": BuyGetBenefit(1, 1, same_sku=True),
    "half": PercentBenefit(Decimal(50)),
    "gift": GiftBenefit((Gift("CUP-1"),)),
}


@pytest.fixture
def shop(records, tmp_path: Path):  # noqa: F811
    """Tea for 100 yuan, cups for 9; a function that says whether a promotion may be published."""
    records.write_now(lambda conn: upsert(conn, [CUP], EDIT.now_us))

    def publish(name: str = "p", **fields) -> None:
        document = PromotionDocument(name=name, **fields)

        def write(conn):
            documents.create(conn, PROMOTION, name, document, EDIT)
            return documents.transition(conn, PROMOTION, name, "live", EDIT)

        checked(records, records.write_now(write), tmp_path, 0)

    return publish


@pytest.mark.parametrize("kind", GIVEN_AWAY)
def test_what_gives_goods_away_is_said_with_the_cart_that_shows_it(shop, kind: str) -> None:
    with pytest.raises(Refused) as refused:
        shop(benefit=GIVEN_AWAY[kind])
    (field,) = refused.value.fields
    assert field.path == "document.benefit"
    assert "are worth" in field.message.en
    assert "只需付" in field.message.zh


@pytest.mark.parametrize("kind", GIVEN_AWAY)
def test_what_a_budget_bounds_is_the_shops_own_affair(shop, kind: str) -> None:
    shop(benefit=GIVEN_AWAY[kind], limits=Limits(budget=50_000))


@pytest.mark.parametrize("kind", GIVEN_AWAY)
@pytest.mark.parametrize(
    "bound", [{"total": 10**9}, {"per_customer": 1}, {"budget": 10**9}, {"per_day": 1}]
)
def test_a_bound_that_is_none_in_money_spares_nobody(shop, kind: str, bound) -> None:
    with pytest.raises(Refused) as refused:
        shop(benefit=GIVEN_AWAY[kind], limits=Limits(**bound))
    assert "set a budget of at most 1000000" in refused.value.fields[0].message.en


@pytest.mark.parametrize(
    ("total", "worst"), [(1_111, None), (1_112, "its bounds let it give away 1000800")]
)
def test_uses_count_by_the_most_that_one_gives(shop, total: int, worst: str | None) -> None:
    """900 off an order: 1,111 of them are 999,900, and the shop allows 1,000,000."""
    if worst is None:
        shop(benefit=FixedBenefit(900), limits=Limits(total=total))
        return
    with pytest.raises(Refused) as refused:
        shop(benefit=FixedBenefit(900), limits=Limits(total=total))
    message = refused.value.fields[0].message
    assert worst in message.en
    assert "1112 uses × at most 900 each" in message.en
    assert "1112 次 × 每次最多 900" in message.zh


@pytest.mark.parametrize(
    ("fields", "a_use"),
    [
        ({"benefit": PercentBenefit(Decimal(100))}, 10_000_000),
        ({"benefit": PercentBenefit(Decimal(100), cap=8_000)}, 8_000),
        ({"benefit": FixedBenefit(900, level="line")}, 1_800),
        ({"benefit": FixedBenefit(900, level="unit")}, 900_000),
        (
            {
                "benefit": PercentBenefit(Decimal(100)),
                "condition": Condition(quantity_at_most=5),
            },
            50_000,
        ),
        (
            {
                "benefit": PercentBenefit(Decimal(100)),
                "condition": Condition(subtotal_at_most=30_500),
            },
            30_000,
        ),
        ({"benefit": PercentBenefit(Decimal(100), pick=Pick("dearest", 2))}, 20_000),
    ],
)
def test_the_most_of_a_use_is_that_of_its_largest_cart(shop, fields, a_use: int) -> None:
    """Tea for 100 yuan, 1,000 units at most; two kinds of goods for what is by the line."""
    with pytest.raises(Refused) as refused:
        shop(**fields, limits=Limits(total=10_000))
    message = refused.value.fields[0].message.en
    assert f"10000 uses × at most {a_use} each" in message


def test_uses_of_a_day_count_for_the_days_that_it_lasts(shop) -> None:
    """From 29 May to 10 June: 13 days begun, and one more where both ends are parts of one."""
    limits, ends = Limits(per_day=100), "2026-06-11T00:00:00+08:00"
    shop(benefit=FixedBenefit(600, level="order"), limits=Limits(per_day=100), ends_at=ends)
    with pytest.raises(Refused) as refused:
        shop("q", benefit=FixedBenefit(900), limits=limits, ends_at=ends)
    assert "1400 uses × at most 900 each" in refused.value.fields[0].message.en


@pytest.mark.parametrize(
    ("batch", "is_danger"),
    [
        ({"count": 1_000}, False),
        ({"count": 100_000}, True),
        ({"count": 100_000, "uses_total": 1_000}, False),
        ({"codes": ("HELLO",), "uses_per_code": 10**9}, True),
        ({"codes": ("HELLO",), "uses_per_code": 100}, False),
    ],
)
def test_codes_bound_by_how_many_uses_they_have(shop, records, batch, is_danger: bool) -> None:  # noqa: F811
    document = CouponBatchDocument(name="b", **batch)
    records.write_now(lambda conn: documents.create(conn, COUPON_BATCH, "b", document, EDIT))
    if not is_danger:
        shop(benefit=FixedBenefit(900), code_batch="b")
        return
    with pytest.raises(Refused):
        shop(benefit=FixedBenefit(900), code_batch="b")


def test_more_codes_of_a_live_promotion_are_judged_too(shop, records, tmp_path) -> None:  # noqa: F811
    few = CouponBatchDocument(name="b", count=1_000)

    def start(conn):
        documents.create(conn, COUPON_BATCH, "b", few, EDIT)
        return documents.transition(conn, COUPON_BATCH, "b", "live", EDIT)

    checked(records, records.write_now(start), tmp_path, 0, kind=COUPON_BATCH)
    shop(benefit=FixedBenefit(900), code_batch="b")
    many = CouponBatchDocument(name="b", count=100_000)
    more = records.write_now(lambda conn: documents.replace(conn, COUPON_BATCH, "b", many, EDIT))
    with pytest.raises(Refused) as refused:
        checked(records, more, tmp_path, 0, kind=COUPON_BATCH)
    assert [field.path for field in refused.value.fields] == ["document.count"]


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_leaves_the_shop_a_price_is_let_through(shop, kind: str) -> None:
    scope = Scope(skus=("TEA-1",)) if kind == "gift" else Scope()
    shop(benefit=HARMLESS[kind], scope=scope)


def test_a_condition_that_keeps_it_from_cheap_goods_counts(shop) -> None:
    shop(benefit=FixedBenefit(900), condition=Condition(subtotal_at_least=5_000))


def test_a_budget_that_only_reports_bounds_nothing(shop) -> None:
    with pytest.raises(Refused):
        shop(benefit=FixedBenefit(900), limits=Limits(budget=9_000, budget_end="go_on"))


@pytest.mark.parametrize(("points", "is_danger"), [(95, True), (50, False)])
def test_points_are_worth_what_the_live_programme_says(
    shop,
    records,  # noqa: F811
    points: int,
    is_danger: bool,
) -> None:
    """A fen back for each point: 95 for every yuan paid is 95 %; without a programme, nothing."""
    benefit = PointsBenefit(points, every_amount=100)
    programme = PointsProgrammeDocument(name="club", worth=PointsWorth(1, 1, "CNY"))

    def live(conn) -> None:
        documents.create(conn, POINTS_PROGRAMME, "club", programme, EDIT)
        documents.transition(conn, POINTS_PROGRAMME, "club", "live", EDIT)

    records.write_now(live)
    if not is_danger:
        shop(benefit=benefit)
        return
    with pytest.raises(Refused) as refused:
        shop(benefit=benefit)
    assert [field.path for field in refused.value.fields] == ["document.benefit"]


def test_points_of_no_programme_are_worth_nothing_known(shop) -> None:
    shop(benefit=PointsBenefit(95, every_amount=100))
