"""A promotion that could sell below cost needs a second person, where the settings ask for it."""

from decimal import Decimal
from pathlib import Path

import pytest

from queqiao.catalog.product import Product, Sku
from queqiao.catalog.products import upsert
from queqiao.decide.promotions.contracts import PROMOTION, PromotionDocument
from queqiao.decide.promotions.coupons.creation import CouponView, NewCoupon, create
from queqiao.decide.promotions.documents.benefit import PercentBenefit
from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.kernel.errors import Refused
from queqiao.operate.going_live import APPROVAL_NEEDED, check_live
from queqiao.ports.records import documents
from queqiao.ports.records.audit import SYSTEM
from queqiao.ports.records.documents import Edit, Stored
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.wiring import adapters, kinds, operations
from queqiao.wiring.settings import PromotionSettings, Settings

EDIT = Edit(SYSTEM, 1_780_000_000_000_000)
TEA = Product("TEA", "Tea", (Sku("TEA-1", 10_000, "CNY", cost_minor=8_000),))


@pytest.fixture
def records(tmp_path: Path):
    opened = SqliteRecords(tmp_path / "records.sqlite")
    opened.upgrade()
    opened.write_now(lambda conn: upsert(conn, [TEA], EDIT.now_us))
    yield opened
    opened.close()


def published(records: SqliteRecords, name: str, percent: int) -> Stored:
    document = PromotionDocument(name=name, benefit=PercentBenefit(Decimal(percent)))

    def write(conn) -> Stored:
        documents.create(conn, PROMOTION, name, document, EDIT)
        return documents.transition(conn, PROMOTION, name, "live", EDIT)

    return records.write_now(write)


def checked(
    records: SqliteRecords, stored: Stored, home: Path, floor: int, *, kind=PROMOTION, **said: bool
) -> None:
    settings = Settings(home=home, promotions=PromotionSettings(floor_percent_of_cost=floor))
    handling = kinds.handlings(adapters.keyring(settings), settings)[kind.name]
    records.read_now(lambda conn: check_live(conn, stored, handling, **said))


def test_two_rules_that_go_below_cost_together_need_a_second_person(
    records: SqliteRecords, tmp_path: Path
) -> None:
    """Each alone stays above the cost of 80; together they come to 72."""
    checked(records, published(records, "first", 10), tmp_path, 100)
    second = published(records, "second", 20)
    with pytest.raises(Refused) as refused:
        checked(records, second, tmp_path, 100)
    assert refused.value.reason == APPROVAL_NEEDED
    (field,) = refused.value.fields
    assert field.path == "document.benefit"
    assert "TEA-1" in field.message.en
    assert "TEA-1" in field.message.zh
    checked(records, second, tmp_path, 100, approved=True)
    checked(records, second, tmp_path, 0)


def test_a_coupon_in_one_act_that_goes_below_cost_needs_a_second_person(
    records: SqliteRecords, tmp_path: Path
) -> None:
    promotion = PromotionDocument(name="70", benefit=PercentBenefit(Decimal(30)))
    batch = CouponBatchDocument(name="70", count=5)
    coupon = NewCoupon("seventy", batch, promotion, publish=True)

    def made(floor: int) -> CouponView:
        settings = Settings(
            home=tmp_path, promotions=PromotionSettings(floor_percent_of_cost=floor)
        )
        refuse = operations.refuse_dangers(settings)
        return records.write_now(lambda conn: create(conn, coupon, EDIT, refuse))

    with pytest.raises(Refused) as refused:
        made(100)
    assert refused.value.reason == APPROVAL_NEEDED
    assert [field.path for field in refused.value.fields] == ["promotion.benefit"]
    assert records.read_now(lambda conn: documents.find(conn, PROMOTION)) == []
    assert made(60).promotion_state == "live"
