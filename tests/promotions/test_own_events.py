"""What the system tells of itself it believes of nobody else: the same events of another source."""

import pytest
from msgspec.structs import replace
from tests.process.conftest import House
from tests.promotions.coupons.office import Office
from tests.promotions.flash_sales import counter as flash

from queqiao.decide.promotions.documents.coupon_batch import CouponBatchDocument
from queqiao.decide.promotions.flash_sales.reconciling import ReconcilingServices, reconcile
from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader

FORGERIES = 3


@pytest.fixture
async def house(tmp_path):
    made = House(tmp_path / "house")
    yield made
    await made.loader.close()
    made.warehouse.close()
    made.log.close()


async def told(house, log):
    """Load the events of a log, and each of them again as a shop's own program would send it."""
    bodies = [event.body for event in EmbeddedEventLogReader(log).read(0, 1_000)]
    forged = [
        encode_envelope(
            replace(envelope, source="web", message_id=f"{number}-{envelope.message_id}")
        )
        for envelope in map(decode_envelope, bodies)
        for number in range(FORGERIES)
    ]
    await house.load(*bodies, *forged)
    (row,) = await house.ask("SELECT count() FROM history")
    assert int(row[0]) == len(bodies) * (1 + FORGERIES)


async def test_the_history_of_a_code_is_the_systems_own(house, till):
    office = Office(till, house.warehouse)
    office.live("b", CouponBatchDocument(name="b", count=9))
    code = till.shop.promotions.code_book.batch("b").code(4)
    await till.use("redeem", code)
    await told(house, till.folder / "log")
    seen = await office.ask("GET /api/v1/coupons/{code}", code=code)
    assert [one["event"] for one in seen["history"]] == ["Coupon Applied"]


async def test_a_sale_is_held_against_the_systems_own_events(house, tmp_path):
    counter = flash.Counter(tmp_path)
    key = (await counter.reserve())["reservation_id"]
    await counter.settle("commit", key, "o1")
    await told(house, tmp_path / "log")
    services = ReconcilingServices(None, counter.ledger, house.warehouse)
    found = await reconcile(services, counter.sales["s"], None, flash.NOW_US)
    assert (found.sold, found.committed, found.agrees) == (1, 1, True)
    await counter.close()
