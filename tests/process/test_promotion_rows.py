"""Rows of our own events of promotions: exact, once, and the same after an erasure."""

import msgspec
import pytest
from msgspec.structs import replace
from tests.process.conftest import eraser_of, event

from queqiao.kernel.envelope import decode_envelope, encode_envelope
from queqiao.ports.event_log.embedded_reader import EmbeddedEventLogReader
from queqiao.process.erasure_book import Subject
from queqiao.process.loader import Loader

GIVEN = {
    "order_id": "o1", "promotion_id": "p", "redemption_id": "r1", "discount_minor": 100,
    "currency": "CNY", "uses": 1, "platform_minor": 60, "shop_minor": 30, "brand_minor": 10,
    "coupon": "CODE",
}  # fmt: skip
USES = (
    "SELECT kind, promotion_id, order_id, redemption_id, is_named, currency, uses, discount_minor,"
    " platform_minor, shop_minor, brand_minor, coupon, batch_id FROM {}promotion_uses"
    " ORDER BY offset"
)
EXPOSED = "SELECT promotion_id, arm, person_id, person FROM {}promotion_exposures ORDER BY offset"
ROWS = [
    ["applied", "p", "o1", "r1", 1, "CNY", 1, 100, 60, 30, 10, "CODE", ""],
    ["returned", "p", "o1", "r1", 1, "CNY", 0, 40, 24, 12, 4, "CODE", ""],
    ["applied", "p", "o2", "r2", 0, "CNY", 1, 5, 5, 0, 0, "", ""],
    ["code", "p", "o3", "", 1, "", 0, 0, 0, 0, 0, "CODE-2", "b"],
]


def own(name, at, source="queqiao", **more):
    """Return an event as the system itself tells it."""
    given = decode_envelope(event(name, at, **more))
    return encode_envelope(replace(given, source=source))


def told():
    back = GIVEN | {
        "discount_minor": 40, "uses": 0, "platform_minor": 24, "shop_minor": 12, "brand_minor": 4,
    }  # fmt: skip
    nobody = {"order_id": "o2", "promotion_id": "p", "redemption_id": "r2", "discount_minor": 5,
              "currency": "CNY", "uses": 1, "platform_minor": 5}  # fmt: skip
    return [
        own("Promotion Exposed", 0, user="u1", promotion_id="p", arm="treated"),
        own("Promotion Exposed", 1, user="u2", promotion_id="p", arm="holdback"),
        own("Promotion Applied", 2, user="u1", **GIVEN),
        own("Coupon Applied", 3, user="u1", order_id="o1", coupon="CODE", promotion_id="p",
            discount_minor=100, currency="CNY"),
        own("Promotion Returned", 4, user="u1", **back),
        own("Promotion Applied", 5, anon="order-r2", **nobody),
        own("Coupon Applied", 6, user="u3", order_id="o3", coupon="CODE-2", coupon_id="b",
            promotion_id="p"),
    ]  # fmt: skip


async def rows(house, prefix=""):
    return [await house.ask(sql.format(prefix)) for sql in (USES, EXPOSED)]


async def test_what_was_given_and_who_came_under_it(house):
    await house.load(*told())
    uses, exposures = await rows(house)
    assert uses == ROWS
    assert exposures == [["p", "treated", "u1", 1], ["p", "holdback", "u2", 2]]


async def test_nobody_else_is_believed(house):
    forged = [encode_envelope(replace(decode_envelope(one), source="web")) for one in told()]
    await house.load(*forged)
    assert await rows(house) == [[], []]
    assert await house.ask("SELECT count() FROM events") == [[len(forged)]]


@pytest.mark.parametrize(
    "properties",
    [
        {}, {"arm": 5, "promotion_id": "p"}, {"promotion_id": "p"}, {"arm": "treated"},
        {"arm": "treated", "promotion_id": "p", "uses": 2**60},
        {"arm": ["treated"], "promotion_id": "p"},
    ],
)  # fmt: skip
async def test_what_is_not_as_we_write_it_has_no_row_and_stops_nothing(house, properties):
    given = decode_envelope(event("Promotion Exposed", 0, user="u1"))
    raw = msgspec.Raw(msgspec.json.encode(properties))
    await house.load(encode_envelope(replace(given, source="queqiao", properties=raw)), told()[2])
    uses, exposures = await rows(house)
    assert (len(uses), exposures) == (1, [])
    assert await house.ask("SELECT count() FROM events") == [[2]]


async def test_a_crash_after_the_insert_leaves_each_row_once(house, monkeypatch):
    bodies = told()
    await house.load(bodies[0])

    def fail(*_):
        raise OSError("no more")

    with monkeypatch.context() as patched:
        patched.setattr(Loader, "_commit", fail)
        with pytest.raises(OSError, match="no more"):
            await house.load(*bodies[1:])
    await house.loader.close()
    house.loader = house.new_loader()
    await house.load()
    uses, exposures = await rows(house)
    assert (uses, len(exposures)) == (ROWS, 2)


async def test_an_erasure_takes_who_and_leaves_what_was_given(house, lake, book, tmp_path):
    await house.load(*told())
    book.request("e1", Subject(user_id="u1"), 1)
    eraser = eraser_of(house, lake, book)
    while book.find("e1").phase in {"waiting", "erasing"}:
        await eraser.advance(2)
    uses, exposures = await rows(house)
    assert uses == ROWS
    assert exposures == [["p", "treated", "erased:1", 1], ["p", "holdback", "u2", 2]]
    assert await house.ask("SELECT count() FROM promotion_uses WHERE person_id = 'u1'") == [[0]]

    again = Loader(
        EmbeddedEventLogReader(house.folder / "log"), house.warehouse,
        tmp_path / "again.sqlite", "CNY", prefix="again_", veil=book.veil(),
    )  # fmt: skip
    await again.open()
    while await again.step():
        pass
    await again.close()
    assert await rows(house, "again_") == [uses, exposures]
