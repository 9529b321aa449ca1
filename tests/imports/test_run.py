"""Imports through the real door: exact sums, once only, from where it was, every row accounted."""

import json

import pytest

from queqiao.collect.offline.file_door import DoorHere
from queqiao.kernel.errors import Unavailable

HEAD = "门店,小票号,交易时间,商品编码,数量,单价,实付金额,会员号,手机号\n"
LINES = (
    "一店,1,2026/6/1 12:30,T,2,￥150.00,￥280.00,M1,13800138000\n"
    "一店,1,2026/6/1 12:30,C,1,80,80,M1,13800138000\n"
    "一店,2,2026/6/1 13:00,C,-1,80,-80,,13800138000\n"
    "一店,1,2026/6/2 12:30,C,3,,10.00,,\n"
)
BAD = "一店,9,2026/6/2 10:00,C,许多,80,80,,\n一店,9,2026/6/2 10:00,T,1,1,1,,\n"
REST = ",,,,,,,,\n合计,,,,5,,,,\n"


def properties(one) -> dict:
    return json.loads(bytes(one.properties))


async def test_receipts_become_exact_orders_of_the_shops_day(shop) -> None:
    job = await shop.run((HEAD + LINES + REST).encode("gb18030"))
    first, back, other_day = shop.events()
    assert (first.event, back.event) == ("Order Completed", "Order Refunded")
    assert [properties(one)["total_minor"] for one in shop.events()] == [36000, 8000, 1000]
    line = properties(other_day)["products"][0]
    assert line["price_minor"] * 3 - line["discount_minor"] == 1000
    assert (first.user_id, back.user_id) == ("M1", None)
    assert first.anonymous_id == back.anonymous_id, "the phone ties the return to the member"
    assert json.loads(bytes(first.context))["channel"] == "offline"
    assert first.message_id != other_day.message_id, "tills count anew each day"
    assert job.amounts_minor == {"CNY": 29000}
    assert (job.rows.taken, job.rows.blank, job.rows.summary) == (4, 1, 1)


async def test_the_same_rows_in_another_file_change_nothing(shop) -> None:
    await shop.run((HEAD + LINES).encode("gb18030"))
    again = await shop.run(("标题,,\n" + HEAD + LINES).encode(), job_id="again")
    assert (again.events.stored, again.events.known, again.events.conflict) == (0, 3, 0)
    assert len(shop.events()) == 3
    cut = "".join((HEAD + LINES).splitlines(keepends=True)[:2])
    other = await shop.run(cut.encode(), job_id="cut")
    assert (other.events.conflict, len(shop.events())) == (1, 3), "half a receipt is told"
    assert other.problems[0].row == 2


async def test_a_document_with_a_bad_row_waits_whole_and_is_taken_once_mended(shop) -> None:
    job = await shop.run((HEAD + LINES + BAD).encode())
    assert (job.rows.bad, job.rows.held, job.events.stored) == (1, 1, 3)
    assert [(one.row, one.column) for one in job.problems] == [(6, "数量")]
    kept = shop.bad_rows.newest(10, None)
    assert [one.row.body.decode() for one in reversed(kept)] == BAD.splitlines(keepends=True)
    await shop.run((HEAD + LINES + BAD).encode(), job_id="job")  # the same job: it is over
    mended = await shop.run((HEAD + BAD.replace("许多", "2")).encode(), job_id="mended")
    assert (mended.rows.taken, mended.events.stored) == (2, 1)


async def test_every_bad_cell_of_a_row_is_named(shop) -> None:
    bad = "一店,5,不是时间,C,0,八十,1.234,,138****0000\n"
    job = await shop.run((HEAD + bad).encode(), dry_run=True)
    assert {one.field for one in job.problems} == {"time", "quantity", "price", "amount", "phone"}
    assert not shop.events()
    assert not shop.bad_rows.newest(10, None), "a dry run keeps nothing"


def many(count: int) -> bytes:
    rows = [f"一店,{n},2026/6/1 12:00,C,1,{n % 90 + 1}.01,,,\n" for n in range(count)]
    rows[7::50] = [row.replace(",C,1,", ",C,x,") for row in rows[7::50]]
    return (HEAD + "".join(rows)).encode()


async def test_a_new_process_goes_on_from_the_checkpoint(shop) -> None:
    content = many(1000)
    while not await shop.importer(content).run(shop.door, lambda: True):
        assert shop.jobs.get("job").status == "running"
    job = shop.jobs.get("job")
    assert (job.rows.taken, job.rows.bad, job.events.stored) == (980, 20, 980)
    assert len(shop.events()) == 980
    assert len(shop.bad_rows.newest(100, None)) == 20


class Dying(DoorHere):
    """Takes everything, and is cut off before it can say so."""

    async def take(self, calls):
        await super().take(calls)
        raise Unavailable


async def test_what_was_stored_but_not_noted_is_not_stored_twice(shop) -> None:
    content = many(500)
    for _ in range(3):
        with pytest.raises(Unavailable):
            await shop.importer(content).run(Dying(shop.door._taking), lambda: False)
        await shop.importer(content).run(shop.door, lambda: True)
    job = await shop.run(content)
    assert (job.rows.taken, job.rows.bad) == (490, 10)
    assert job.events.stored + job.events.known == 490
    assert len(shop.events()) == 490
    assert len(shop.bad_rows.newest(100, None)) == 10


async def test_members_contacts_and_orders(shop) -> None:
    members = (
        "会员号,姓名,手机号,性别,积分\n"
        "M1,张三,13800138000,男,1200\n"
        "M1,张三,13800138000,男,1300\n"
        ",李,,,\n"
    )
    job = await shop.run(members.encode(), "members", "m")
    assert (job.rows.taken, job.rows.bad, job.events.stored) == (2, 1, 2)
    calls = (
        "通话ID,来电时间,来电号码,通话时长\n"
        "c1,2026-06-01 9:00,13800138000,00:03:25\n"
        "c1,2026-06-01 9:00,13800138000,00:03:25\n"
    )
    job = await shop.run(calls.encode(), "contacts", "c")
    assert (job.rows.taken, job.rows.repeated) == (1, 1)
    orders = (
        "订单编号,下单时间,商家编码,数量,实付金额,订单状态\n"
        "o1,2026-06-01,T,1,9.9,已完成\n"
        "o2,2026-06-01,T,1,9.9,已取消\n"
    )
    job = await shop.run(orders.encode(), "orders", "o")
    assert (job.rows.taken, job.rows.not_sold, job.amounts_minor) == (1, 1, {"CNY": 990})
    found = shop.events()
    assert [one.type for one in found] == ["identify", "identify", "track", "track"]
    assert json.loads(bytes(found[0].traits))["phone"] == "+8613800138000"
    assert found[0].anonymous_id == found[2].anonymous_id
    assert properties(found[2])["duration_s"] == 205


async def test_a_cancelled_job_ends_with_what_it_has(shop) -> None:
    importer = shop.importer(many(1000))
    shop.jobs.cancel("job")
    assert await importer.run(shop.door, lambda: False)
    job = shop.jobs.get("job")
    assert job.status == "cancelled"
    assert 0 < job.rows_read < 1000
