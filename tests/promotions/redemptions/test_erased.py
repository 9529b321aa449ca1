"""A buyer is erased: the order's books stay and agree, it can be refunded, nobody is named."""

# ruff: noqa: F811  # fixtures of another room

import msgspec
import pytest
from tests.process.conftest import Nowhere, book, lake  # noqa: F401
from tests.promotions.redemptions.test_redeeming import order, promotion
from tests.promotions.redemptions.test_refunds import CLAW_BACK, refund
from tests.promotions.redemptions.test_settlement import LATER_US, books  # noqa: F401
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.flash_sales import events as flash_events
from queqiao.decide.promotions.flash_sales.counters import Held
from queqiao.decide.promotions.flash_sales.reconciling import _TOLD
from queqiao.kernel.errors import InvalidInput
from queqiao.kernel.own_events import ROW_FIELDS, without_person
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.enrichment.enricher import Enricher
from queqiao.process.erasure import Eraser
from queqiao.process.erasure_book import Subject
from queqiao.process.erasure_log import LogEraser
from queqiao.process.facts import FactReader
from queqiao.process.loader import Loader

WHO, DEVICE = "buyer-0451-erase-me", "device-0451-erase-me"
ROWS = """SELECT offset, event, properties, order_id, promotion_id, quantity FROM events
ORDER BY offset"""


async def erase(till, books, lake, book):
    book.request("e1", Subject(user_id=WHO), 1)
    reader = EmbeddedEventLogReader(till.folder / "log")
    eraser = Eraser(
        books.warehouse,
        lake,
        books.loader,
        book,
        event_log=LogEraser(books.warehouse, reader, till.log),
        facts=FactReader(Enricher(), "CNY"),
        elsewhere=Nowhere(),
    )
    for _ in range(2):
        await eraser.advance(NOW_US)
    assert book.find("e1").phase == "removing"


def of(order_id, **more):
    body = order(order_id, WHO, quantity=3, **more)
    customer = {"device_id": DEVICE, "birthday": "1990-06-18", "tags": ["老客"]}
    body["question"]["customer"] |= customer | {"attributes": {"nick": "fang"}}
    return body


@pytest.fixture
async def erased(till, books, lake, book):
    """A till of whose buyer two orders are paid and one is not, before and after the erasure."""
    books.publish(p=promotion(1_000, per_customer=9, per_device=9, budget=90_000))
    till.paid = (await till.order(of("o1", commit=True)))["id"]
    part = {"request_id": "r", "promotions": [{"promotion_id": "p", "amount": 300}]}
    await till.redemption("POST", "return", {**part, "reason": "fang is ill"}, name=till.paid)
    till.open = (await till.order(of("o2")))["id"]
    sold = Held("f", "s1", "A", 2, 900, "CNY", WHO)
    told = flash_events.event("Committed", "rsv_1", sold, "o9", NOW_US)
    await till.log.append([told])
    await till.order(order("o3", "somebody-else", commit=True, device_id="d3"))
    till.before = await books.reconcile(), await flash(books)
    await erase(till, books, lake, book)
    return till


async def flash(books):
    return (await books.warehouse.query(_TOLD, {"sale": "f"})).rows


async def test_the_books_agree_as_before(erased, books):
    assert erased.before[0].agrees
    assert (await books.reconcile(), await flash(books)) == erased.before
    assert erased.before[1] == [["s1", "A", 2, 0, 0]]


async def test_nobody_is_named_any_more(erased, books):
    told = repr(erased.events())
    for word in (WHO, DEVICE, "fang", "1990-06-18", "老客"):
        assert word not in told, word
    assert "somebody-else" in told
    rows = repr((await books.warehouse.query("SELECT * FROM events")).rows)
    assert WHO not in rows
    assert "fang" not in rows


async def test_history_made_again_is_what_the_erasure_left(erased, books, book):
    before = (await books.warehouse.query(ROWS)).rows
    reader = EmbeddedEventLogReader(erased.folder / "log")
    again = Loader(
        reader,
        books.warehouse,
        erased.folder / "again.sqlite",
        "CNY",
        prefix="again_",
        veil=book.veil(),
    )
    await again.open()
    while await again.step():
        pass
    made = (await books.warehouse.query(ROWS.replace("FROM events", "FROM again_events"))).rows
    await again.close()
    assert made == before
    kept = msgspec.json.decode(before[1][2])
    assert kept.keys() <= set(ROW_FIELDS)
    assert kept["order_id"] == "o1"


async def test_an_order_of_somebody_erased_is_refunded_by_its_id(erased):
    with pytest.raises(InvalidInput) as refused:
        await refund(erased, erased.paid, {"everything": True, "request_id": "a", **CLAW_BACK})
    assert refused.value.fields[0].path == "policy.discounts"
    memo = await refund(erased, erased.paid, {"everything": True, "request_id": "a"})
    assert (memo["totals"]["total"], memo["complete"]) == (29_000, True)
    assert await erased.spent("promotion:p:total", "promotion:p:budget") == [(1, 1), (1_000, 1_000)]


async def test_what_was_not_paid_is_settled(erased, books):
    assert await books.settle() == 1
    assert erased.events()[-1]["event"] == "Redemption Released"
    assert (await erased.redemption("GET", "{id}", name=erased.open, now_us=LATER_US))[
        "state"
    ] == "expired"
    assert (await books.reconcile()).agrees


def test_who_it_was_goes_at_any_depth():
    said = {
        "question": {"customer": {"id": WHO}, "cart": {"lines": [{"sku": "A"}]}},
        "promotions": [{"takes": {"promotion:p:total": 1, f"promotion:p:customer:{WHO}": 1}}],
        "customer_id": WHO,
        "asked": "digest",
    }
    assert {
        name: msgspec.json.decode(raw)
        for name, raw in without_person(msgspec.json.encode(said)).items()
    } == {
        "question": {"cart": {"lines": [{"sku": "A"}]}},
        "promotions": [{"takes": {"promotion:p:total": 1}}],
        "asked": "",
    }
