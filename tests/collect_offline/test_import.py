"""Readers and the intake client: what is sent, what is bad, and how failures end."""

import gzip
import json

import httpx
import pytest
import xlsxwriter

from queqiao.collect.offline.import_file import ImportOptions, import_file
from queqiao.collect.offline.intake_client import ATTEMPTS_MAX, IntakeClient
from queqiao.kernel.envelope import decode_envelope
from queqiao.kernel.errors import Forbidden, InvalidInput, NotFound, Unavailable

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
RETAIL = (
    HEADER
    + """1,a,TEA,2.0,2011-06-01 10:00:00,1.50,17.0,France
1,b,CUP,1.0,2011-06-01 10:00:00,0.0,17.0,France
2,a,TEA,3.0,2011-12-01 10:00:00,2.0,,France
1,c,PAD,1.0,2011-06-01 10:01:00,0.001,17.0,France
C3,a,TEA,-1.0,2011-06-02 10:00:00,1.50,17.0,France
A4,B,Adjust,1.0,2011-06-02 10:00:00,-5.0,,France
5,a,broken,-9.0,2011-06-02 10:00:00,0.0,,France
6,a,found,9.0,2011-06-02 10:00:00,0.0,,France
7,a,x,many,2011-06-02 10:00:00,1.0,,France
8,a,x,1.0,some day,1.0,,France
"""
)


def stored(door):
    return [decode_envelope(one.body) for one in door.reader.read(0, 1000)]


async def test_each_kind_of_invoice_becomes_its_event(door, tmp_path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(RETAIL)
    told = []
    account = await import_file(
        "online-retail", path, door.client(), progress=lambda rows, sent: told.append((rows, sent))
    )
    assert told[-1] == (account.rows, account.events)
    assert await import_file("online-retail", path, door.client()) == account
    found = {one.message_id: one for one in stored(door)}
    found = {name.removeprefix("online-retail:"): one for name, one in found.items()}
    found.pop("1:4", None)  # the line of a tenth of a penny
    properties = {name: json.loads(bytes(one.properties)) for name, one in found.items()}
    assert len(stored(door)) - len(found) in {0, 1}, "a second import changes nothing"
    assert {name: one.event for name, one in found.items()} == {
        "1": "Order Completed", "2": "Order Completed", "C3": "Order Refunded",
        "A4": "Order Adjusted", "5": "Order Adjusted", "6": "Order Adjusted",
    }  # fmt: skip
    assert properties["1"]["products"] == [
        {"sku": "a", "name": "TEA", "quantity": 2, "price_minor": 150}
    ]
    assert [properties[name]["total_minor"] for name in ("1", "2", "C3", "A4", "5")] == [
        300, 600, 150, -500, 0,
    ]  # fmt: skip
    assert (found["1"].user_id, found["2"].anonymous_id) == ("17", "online-retail:2")
    # British summer time in June, Greenwich in December.
    assert found["1"].timestamp_us == 1_306_918_800_000_000
    assert found["2"].timestamp_us == 1_322_733_600_000_000
    assert account.accounted
    assert [(one.row, one.column) for one in account.bad_rows] == [
        (4, "UnitPrice"),
        (9, "Quantity, InvoiceDate, UnitPrice"),
        (10, "Quantity, InvoiceDate, UnitPrice"),
    ]


async def test_another_file_is_refused_as_a_whole(door, tmp_path) -> None:
    path = tmp_path / "x.csv"
    for content in ("a,b\n1,2\n", HEADER.replace("UnitPrice", "Price") + "1,2,3,4,5,6,7,8\n"):
        path.write_text(content)
        with pytest.raises(InvalidInput, match="columns are missing"):
            await import_file("online-retail", path, door.client())
    path.write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(InvalidInput):
        await import_file("online-retail", path, door.client())
    with pytest.raises(NotFound):
        await import_file("online-retail", tmp_path / "none.csv", door.client())


async def test_events_of_a_file_are_sent_once_however_often_it_is_imported(door, tmp_path) -> None:
    path = tmp_path / "events.jsonl.gz"
    lines = [
        '{"type": "track", "event": "A", "userId": "u", "messageId": "m1"}',
        '{"type": "track", "event": "A", "userId": "u"}',
        "",
        "not json",
        "[1]",
        '{"type": "track", "event": "A", "userId": "u"}',
        '{"x": ' + "[" * 100 + "]" * 100 + "}",
    ]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    account = await import_file("events", path, door.client())
    await import_file("events", path, door.client())
    assert [one.event for one in stored(door)] == ["A", "A", "A"]
    assert {name: one.rows for name, one in account.classes.items()} == {
        "sent": 3,
        "blank": 1,
        "bad": 3,
    }
    assert account.accounted


async def test_a_table_of_events(door, tmp_path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(
        "event,userId,timestamp,sku,price\nProduct Viewed,u,2026-06-18T00:00:00Z,s,1.5\n"
    )
    await import_file("events", path, door.client())
    (one,) = stored(door)
    assert json.loads(bytes(one.properties)) == {"sku": "s", "price": "1.5"}


ORDERS = [
    ["订单号", "时间", "客户", "货号", "数量", "单价", "优惠"],
    ["o1", "2026-06-18 00:00:00", "c1", "a", 2, 12.34, 1],
    ["o2", "2026-06-18 09:00:00", "", "b", 1, "3", ""],
    ["o1", "2026-06-18 00:00:00", "c1", "c", 1, "0.005", ""],
    ["o1", "2026-06-18 00:00:00", "c1", "d", 0, 1, ""],
    ["o1", "yesterday", "c1", "d", 1, 1, ""],
    ["", "2026-06-18 00:00:00", "c1", "d", 1, 1, ""],
    ["o1", "2026-06-18 00:00:00", "c1", "b", 1, 5, ""],
]
COLUMNS = {
    "order_id": "订单号", "time": "时间", "customer_id": "客户", "sku": "货号", "quantity": "数量",
    "price": "单价", "discount": "优惠",
}  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_orders_of_a_sheet_with_its_own_column_names(door, tmp_path, form) -> None:
    path = tmp_path / f"orders.{form}"
    if form == "csv":
        path.write_text("\n".join(",".join(map(str, row)) for row in ORDERS))
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(ORDERS):
                sheet.write_row(number, 0, row)
    account = await import_file("orders", path, door.client(), ImportOptions(COLUMNS))
    first, second = stored(door)
    assert json.loads(bytes(first.properties)) == {
        "order_id": "o1",
        "currency": "CNY",
        "products": [
            {"sku": "a", "quantity": 2, "price_minor": 1234, "discount_minor": 100},
            {"sku": "b", "quantity": 1, "price_minor": 500},
        ],
        "discount_minor": 100,
    }
    assert (first.user_id, second.anonymous_id) == ("c1", "orders:o2")
    assert first.timestamp_us == 1_781_712_000_000_000
    assert [(one.row, one.column) for one in account.bad_rows] == [
        (3, "单价"), (4, "数量"), (5, "时间"), (6, "订单号"),
    ]  # fmt: skip
    assert account.accounted
    assert account.classes["lines"].documents == 2


def failing(statuses: list[int]):
    """Return a client whose intake answers with these statuses, then 200."""
    asked: list[bytes] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        status = statuses.pop(0) if statuses else 200
        if not status:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, headers={"retry-after": "1"})

    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://intake")
    return IntakeClient(http, "key", sleep), asked, waits


async def test_an_intake_that_is_away_for_a_while_gets_the_same_batch_again() -> None:
    client, asked, waits = failing([503, 0, 429])
    await client.add(b'{"a":1}')
    await client.flush()
    assert asked == [b'{"batch":[{"a":1}]}'] * 4
    assert waits == [1.0, 0.5, 1.0]


async def test_retries_and_batches_are_bounded() -> None:
    client, asked, _ = failing([503] * 100)
    await client.add(b"{}")
    with pytest.raises(Unavailable):
        await client.flush()
    assert len(asked) == ATTEMPTS_MAX
    client, asked, _ = failing([])
    for _ in range(250):
        await client.add(b'{"x":"' + b"y" * 9_000 + b'"}')
    await client.flush()
    assert sum(body.count(b'"x"') for body in asked) == client.events == 250
    assert max(map(len, asked)) <= 400_100


async def test_a_wrong_write_key_ends_the_import(door, tmp_path) -> None:
    path = tmp_path / "retail.csv"
    path.write_text(RETAIL)
    with pytest.raises(Forbidden):
        await import_file("online-retail", path, door.client("wrong"))
