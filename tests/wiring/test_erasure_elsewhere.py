"""An erasure leaves no name of a customer in the records of promotions."""

import pytest
from sqlalchemy import insert, select
from tests.promotions.till import NOW_US

from queqiao.decide.promotions.cards.tables import cards
from queqiao.decide.promotions.engagements.tables import engagements, steps
from queqiao.kernel.clock import FixedClock
from queqiao.ports.records.sqlite import SqliteRecords
from queqiao.process.erasure_book import Subject
from queqiao.wiring.erasure_elsewhere import ErasureElsewhere

BEGUN = {
    "id": "e" * 32,
    "promotion_id": "p",
    "customer_id": "u1",
    "rules": "{}",
    "price_minor": 0,
    "seed": "0",
    "steps": 2,
    "started_at_us": NOW_US,
    "expires_at_us": NOW_US,
}


class Apart:
    """Stands for the live rows and the collector's bad rows, which hold nothing of anybody."""

    async def empty(self, ids):
        assert not ids

    async def forget(self, ids):
        assert ids == ["u1", "device"]


@pytest.fixture
def records(tmp_path):
    made = SqliteRecords(tmp_path / "records.sqlite")
    made.upgrade()
    yield made
    made.close()


async def test_engagements_and_cards_name_the_erased_no_more(records, tmp_path):
    card = {"product_id": "gift", "number": 1, "state": "active", "customer_id": "u1"}
    card |= {"activated_at_us": NOW_US, "expires_at_us": NOW_US, "written_off": 0}
    card["void_reason"] = ""
    seats = [
        {"engagement_id": "e" * 32, "number": number, "customer_id": customer}
        | {"amount_minor": 0, "at_us": NOW_US}
        for number, customer in enumerate(("u1", "u2"), 1)
    ]
    records.write_now(
        lambda conn: (
            conn.execute(insert(engagements).values(BEGUN)),
            conn.execute(insert(steps), seats),
            conn.execute(insert(cards).values(card)),
        )
    )
    apart = Apart()
    elsewhere = ErasureElsewhere(records, apart, tmp_path, FixedClock(NOW_US), apart)
    subject = Subject("u1", numbers={"u1": 1, "device": 2})
    for _ in range(2):  # an erasure that was cut off begins again
        await elsewhere.clear(subject, [])
    rows = records.read_now(
        lambda conn: [
            value
            for table in (engagements, steps, cards)
            for row in conn.execute(select(table.c.customer_id))
            for value in row
        ]
    )
    assert "u1" not in rows
    assert "u2" in rows
